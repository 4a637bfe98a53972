// How much a sweep does at once: counted by slices, whatever time they take.
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { Sweeper, type SweptVm } from '../../../services/lib/memory/sweeper.ts';
import { until } from '../../support/until.ts';

const MIB = 1024 * 1024;
const LARGEST_SLICE = 16 * MIB;

let sweeper: Sweeper | null = null;
afterEach(() => sweeper?.close());

/** What was done in each slice: nothing else runs between its beginning and the end of its turn. */
class Slices {
  readonly looks: number[] = [];
  readonly bytes: number[] = [];
  #isRunning = false;

  note(bytes: number): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.looks.push(0);
      this.bytes.push(0);
      queueMicrotask(() => {
        this.#isRunning = false;
      });
    }
    this.looks[this.looks.length - 1]! += 1;
    this.bytes[this.bytes.length - 1]! += bytes;
  }
}

/** A window without blobs whose first `touched` bytes the guest has touched. */
function touchedVm(name: string, touched: number, slices: Slices): SweptVm & { closed: boolean } {
  let gone = 0;
  return {
    vm: { name, firstOccupied: () => null },
    window: {
      nextData: (from) => {
        slices.note(0);
        const offset = Math.max(from, gone);
        return offset < touched ? { offset, length: touched - offset } : null;
      },
      zeroInline: (offset, length) => {
        slices.note(length);
        gone = offset + length;
      },
    },
    busy: false,
    closed: false,
    strayBytes: -1,
  };
}

function sweep(vms: readonly SweptVm[]): Promise<unknown> {
  sweeper = new Sweeper(() => vms, 1_000_000, pino({ level: 'silent' }));
  sweeper.sweepNow();
  return until('every window was swept', () =>
    vms.every(({ strayBytes, closed }) => closed || strayBytes >= 0),
  );
}

it('looks at hundreds of untouched windows in one slice', async () => {
  const slices = new Slices();

  await sweep(Array.from({ length: 400 }, (_, index) => touchedVm(`vm-${index}`, 0, slices)));

  expect(slices.looks).toEqual([400]);
});

it('frees no more in a slice than one window would give it, however many windows there are', async () => {
  const slices = new Slices();
  const vms = Array.from({ length: 8 }, (_, index) => touchedVm(`vm-${index}`, 10 * MIB, slices));

  await sweep(vms);

  expect(vms.map(({ strayBytes }) => strayBytes)).toEqual(vms.map(() => 10 * MIB));
  expect(slices.bytes.filter((bytes) => bytes > 0)).toEqual(Array(5).fill(LARGEST_SLICE));
});

it('leaves alone what is closed, and what is worked on until it is not', async () => {
  const slices = new Slices();
  const [open, closed, busy] = ['open', 'closed', 'busy'].map((name) => touchedVm(name, MIB, slices));
  closed!.closed = true;
  Object.assign(busy!, { busy: true });
  const swept = sweep([busy!, open!, closed!]);
  await until('the open one is swept', () => open!.strayBytes === MIB);
  expect(busy!.strayBytes).toBe(-1);
  Object.assign(busy!, { busy: false });

  await swept;

  expect(slices.bytes.reduce((sum, bytes) => sum + bytes)).toBe(2 * MIB);
});
