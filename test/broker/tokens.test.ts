import { describe, expect, it } from 'vitest';
import { MOST_PENDING, TOKEN_BYTES, TOKEN_LIFETIME_MS, Tokens } from '../../services/broker/tokens.ts';

const PEER = { pid: 100, uid: 1000 };
const MEMORY = { fd: 7, fileSize: 4096 };
const source = () => MEMORY;

describe('tokens', () => {
  it('are 32 bytes, and no two are alike', () => {
    const tokens = new Tokens();
    const seen = new Set(
      Array.from({ length: 1000 }, () => tokens.issue('vm', PEER, source).toString('hex')),
    );
    expect(seen.size).toBe(1000);
    expect([...seen].every((hex) => hex.length === 2 * TOKEN_BYTES)).toBe(true);
  });

  it('work once', () => {
    const tokens = new Tokens();
    const token = tokens.issue('vm', PEER, source);
    expect(tokens.redeem(token, PEER)).toBe(MEMORY);
    expect(tokens.redeem(token, PEER)).toBe('unknown');
    expect(tokens.counts).toEqual({ issued: 1, redeemed: 1, refused: 1 });
    expect(tokens.pending).toBe(0);
  });

  it('work for their peer only, and stay its when somebody else tries', () => {
    const tokens = new Tokens();
    const token = tokens.issue('vm', PEER, source);
    expect(tokens.redeem(token, { pid: 101, uid: 1000 })).toBe('unknown');
    expect(tokens.redeem(token, { pid: 100, uid: 1001 })).toBe('unknown');
    expect(tokens.redeem(token, { pid: 0, uid: 1000 })).toBe('unknown');
    expect(tokens.redeem(token, PEER)).toBe(MEMORY);
  });

  it('are bound by uid alone for a peer of another pid namespace', () => {
    const tokens = new Tokens();
    const token = tokens.issue('vm', { pid: 0, uid: 1000 }, source);
    expect(tokens.redeem(token, { pid: 55, uid: 1001 })).toBe('unknown');
    expect(tokens.redeem(token, { pid: 55, uid: 1000 })).toBe(MEMORY);
  });

  it('expire', () => {
    let now = 0;
    const tokens = new Tokens(() => now);
    const early = tokens.issue('vm', PEER, source);
    now = TOKEN_LIFETIME_MS - 1;
    const late = tokens.issue('vm', PEER, source);
    now = TOKEN_LIFETIME_MS;
    expect(tokens.pending).toBe(1);
    expect(tokens.redeem(early, PEER)).toBe('unknown');
    expect(tokens.redeem(late, PEER)).toBe(MEMORY);
  });

  it('go with their owner', () => {
    const tokens = new Tokens();
    const [one, other] = [tokens.issue('a', PEER, source), tokens.issue('b', PEER, source)];
    tokens.revoke('a');
    expect(tokens.redeem(one, PEER)).toBe('unknown');
    expect(tokens.redeem(other, PEER)).toBe(MEMORY);
  });

  it('say when the memory was released meanwhile', () => {
    const tokens = new Tokens();
    expect(
      tokens.redeem(
        tokens.issue('vm', PEER, () => null),
        PEER,
      ),
    ).toBe('released');
    expect(tokens.counts.refused).toBe(1);
  });

  it('of one owner are bounded: the oldest goes, and no other owner loses any', () => {
    const tokens = new Tokens();
    const other = tokens.issue('other', PEER, source);
    const oldest = tokens.issue('vm', PEER, source);
    for (let count = 0; count < MOST_PENDING; count += 1) tokens.issue('vm', PEER, source);
    expect(tokens.pending).toBe(MOST_PENDING + 1);
    expect(tokens.redeem(oldest, PEER)).toBe('unknown');
    expect(tokens.redeem(other, PEER)).toBe(MEMORY);
  });
});
