import { describe, expect, it } from 'vitest';
import { accountId, isAccount } from '../../../services/lib/runtime/account.ts';

describe('accountId', () => {
  it('finds users and groups by name', () => {
    expect(accountId('user', 'root')).toBe(0);
    expect(accountId('group', 'root')).toBe(0);
    expect(accountId('group', 'daemon')).toBe(1);
  });

  it('takes numbers that an account can have, whether there is one or not', () => {
    expect(accountId('user', 12_345)).toBe(12_345);
    expect(accountId('group', 2 ** 32 - 2)).toBe(2 ** 32 - 2);
  });

  it.each([
    ['no-such-account'],
    ['root:x'],
    ['root\nx'],
    ['-a'],
    ['1000'],
    [''],
    [-1],
    [1.5],
    [2 ** 32 - 1],
  ])('finds nothing for %j', (value) => {
    expect(accountId('user', value)).toBeNull();
    expect(accountId('group', value)).toBeNull();
  });
});

describe('isAccount', () => {
  it.each([['root'], ['svc_barkeep-1.x'], ['machine$'], [0], [2 ** 32 - 2]])('takes %j', (value) => {
    expect(isAccount(value)).toBe(true);
  });

  it.each([
    ['root:x'],
    ['a b'],
    ['-a'],
    ['1000'],
    [''],
    [-1],
    [1.5],
    [2 ** 32 - 1],
    [null],
    [undefined],
    [{}],
  ])('refuses %j', (value) => {
    expect(isAccount(value)).toBe(false);
  });
});
