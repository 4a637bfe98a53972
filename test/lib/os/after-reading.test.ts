import { afterEach, describe, expect, it } from 'vitest';
import { afterReading, type Deadline, readingFor } from '../../../services/lib/os/after-reading.ts';
import { Poller } from '../../../services/lib/os/poll.ts';
import { receive, send, socketPair } from '../../../services/lib/os/socket.ts';
import { standStill } from '../../support/stand-still.ts';
import { stays, turns, until } from '../../support/until.ts';

const LIMIT = 30;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** A peer at whose first word `onWord` is called. */
function peer(onWord: () => void): { say(): void } {
  const [mine, theirs] = socketPair('stream');
  const poller = new Poller(mine.number, () => {
    receive(mine.number, 16);
    onWord();
  });
  cleanups.push(() => {
    poller.close();
    mine.close();
    theirs.close();
  });
  return { say: () => void send(theirs.number, Buffer.from('alive')) };
}

function deadline(milliseconds = LIMIT): { readonly at: Deadline; judged: number } {
  const found = { judged: 0, at: afterReading(milliseconds, () => (found.judged += 1)) };
  cleanups.push(() => found.at.cancel());
  return found;
}

describe('a deadline', () => {
  it('is reached once, and not before its time', async () => {
    const before = performance.now();
    const due = deadline();
    await until('it is reached', () => due.judged > 0);

    expect(performance.now() - before).toBeGreaterThanOrEqual(LIMIT - 1);
    await stays('once', () => due.judged === 1);
  });

  it('that is cancelled is not reached', async () => {
    const due = deadline();
    due.at.cancel();

    await stays('not reached', () => due.judged === 0);
  });

  it('counts from the last word', async () => {
    const due = deadline(150);
    const before = performance.now();
    let after = before;
    await until('many words came', () => {
      due.at.refresh();
      after = performance.now();
      return after - before > 300;
    });
    expect(due.judged).toBe(0);
    await until('it is reached', () => due.judged > 0);

    expect(performance.now() - after).toBeGreaterThanOrEqual(149);
  });

  it('can be refreshed when it was reached', async () => {
    const due = deadline();
    await until('it is reached', () => due.judged === 1);
    due.at.refresh();

    await until('it is reached again', () => due.judged === 2);
  });

  it('as a promise is reached as well', async () => {
    const before = performance.now();
    // Something else has to keep the process alive.
    const alive = setInterval(() => {}, 1000);
    cleanups.push(() => clearInterval(alive));
    await readingFor(LIMIT);

    expect(performance.now() - before).toBeGreaterThanOrEqual(LIMIT - 1);
  });
});

describe('after this process stood still', () => {
  it('what had arrived is read before anybody is judged', async () => {
    const due = deadline();
    const { say } = peer(() => due.at.cancel());
    await turns();
    say();
    standStill(3 * LIMIT);

    await stays('not reached', () => due.judged === 0);
  });

  it('a word in the meantime starts the time again', async () => {
    const due = deadline(200);
    const { say } = peer(() => due.at.refresh());
    await turns();
    say();
    standStill(300);
    const after = performance.now();
    await until('it is reached', () => due.judged === 1);

    expect(performance.now() - after).toBeGreaterThanOrEqual(190);
  });

  it('a peer that waited for it, or stood still as well, gets as much time again', async () => {
    const due = deadline();
    const { say } = peer(() => due.at.cancel());
    standStill(LIMIT + 700);
    const timer = setTimeout(say, 100);
    cleanups.push(() => clearTimeout(timer));

    await stays('not reached', () => due.judged === 0, 1500);
  });

  it('a peer that says nothing is judged all the same, after a second at the latest', async () => {
    const due = deadline();
    standStill(LIMIT + 2500);
    const after = performance.now();
    await until('it is reached', () => due.judged === 1);

    expect(performance.now() - after).toBeLessThan(2000);
  });
});
