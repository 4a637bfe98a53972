// What a datagram is understood as: words of sd_notify(3), and anything else that bytes can be.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNotifyMessage } from '../../services/keeper/notify-message.ts';

const parse = (text: string) => parseNotifyMessage(Buffer.from(text));

describe('a notification', () => {
  test('says what it says', () => {
    expect(parse('READY=1\nSTATUS=a=b\nX_URL=http://x\nMAINPID=1\nFDSTORE=1\nFDNAME=n\n')).toEqual({
      store: 'n',
      remove: null,
      isReady: true,
      isStopping: false,
      isAlive: false,
      status: 'a=b',
      fields: { URL: 'http://x' },
      problems: [],
    });
  });

  test.each([
    ['FDSTOREREMOVE=1', { remove: null, problems: ['FDSTOREREMOVE without a good FDNAME'] }],
    [
      'FDSTOREREMOVE=1\nFDNAME=',
      { remove: null, problems: ['FDNAME is no name', 'FDSTOREREMOVE without a good FDNAME'] },
    ],
    ['FDSTOREREMOVE=1\nFDNAME=n', { remove: 'n', store: null, problems: [] }],
    ['FDSTORE=1\nFDNAME=a\u00e9', { store: 'stored', problems: ['FDNAME is no name'] }],
    ['WATCHDOG=1', { isAlive: true }],
    ['WATCHDOG=trigger', { isAlive: false }],
    ['STOPPING=1\nREADY=0\nREADY', { isStopping: true, isReady: false }],
    ['__proto__=1\nX___proto__=1', { fields: {} }],
  ])('%j', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test('of any bytes is understood or ignored, and every name is one that can be handed over', () => {
    const words = fc.constantFrom('FDSTORE=1', 'FDSTOREREMOVE=1', 'FDNAME=', 'READY=1', '\n', '=', ':');
    const bytes = fc.array(
      fc.oneof(
        words.map((word) => Buffer.from(word)),
        fc.uint8Array({ maxLength: 20 }).map((part) => Buffer.from(part)),
      ),
    );
    fc.assert(
      fc.property(bytes, (parts) => {
        const { store, remove } = parseNotifyMessage(Buffer.concat(parts));
        for (const name of [store, remove]) expect(name ?? 'none').toMatch(/^[^:\n\0]{1,255}$/);
      }),
    );
  });
});
