// Each sign of a driver that started afresh, and what is none: see the table in fresh-start.ts.
import { describe, expect, it } from 'vitest';
import {
  type LaterQueue,
  type StoppedQueue,
  whyAfresh,
} from '../../../services/lib/vhost-user/fresh-start.ts';

const STOPPED: StoppedQueue = { base: 40, size: 256, features: 0x1_5000_0019n, used: 0xfeedn };
/** A queue that has done a multiple of 65,536 chains: its base is that of a fresh one. */
const WRAPPED: StoppedQueue = { ...STOPPED, base: 0 };
const BROKEN: StoppedQueue = { ...STOPPED, used: null };

const GOES_ON = null;

type Case = readonly [what: string, stopped: StoppedQueue, later: LaterQueue, why: RegExp | null];

const CASES: readonly Case[] = [
  ['cont: everything as it was', STOPPED, { ...STOPPED, isDropped: false, isLetGo: false }, GOES_ON],
  ['nothing is known yet', STOPPED, {}, GOES_ON],
  ['cont of a queue that wrapped', WRAPPED, WRAPPED, GOES_ON],
  [
    'a driver that is bound again',
    STOPPED,
    { ...STOPPED, base: 0, used: 1n },
    /stopped at 40 and starts at 0/,
  ],
  ['only the base differs', STOPPED, { ...STOPPED, base: 41 }, /stopped at 40 and starts at 41/],
  ['a reboot after 65,536 chains', WRAPPED, { ...WRAPPED, used: 1n }, /used ring is another one/],
  ['a used ring that is not in memory any more', STOPPED, { ...STOPPED, used: null }, GOES_ON],
  ['cont of a queue that the guest had broken', BROKEN, { ...BROKEN, used: 7n }, GOES_ON],
  ['a fresh driver behind a broken queue', BROKEN, { ...BROKEN, base: 0, used: 7n }, /starts at 0/],
  ['a driver with a ring of another size', STOPPED, { ...STOPPED, size: 64 }, /had 256 entries and has 64/],
  ['a firmware that negotiates less', STOPPED, { ...STOPPED, features: 0x1_0000_0000n }, /other features/],
  ['a table without the mapping', STOPPED, { isDropped: true }, /dropped what it had mapped/],
  ['a mark that is nowhere any more', STOPPED, { isLetGo: true }, /let go/],
  ['the same at the start of a queue that wrapped', WRAPPED, { ...WRAPPED, isLetGo: true }, /let go/],
];

describe('whether a driver started afresh', () => {
  it.each(CASES)('%s', (_, stopped, later, why) => {
    if (why === null) expect(whyAfresh(stopped, later)).toBeNull();
    else expect(whyAfresh(stopped, later)).toMatch(why);
  });
});
