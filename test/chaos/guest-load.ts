// What a guest does while its device's processes die: many processes that create, map, write, read back, unmap and destroy, and some that
// keep blobs for a while. Every answer is looked at; the first that is wrong is the load's failure.
import { CheckFailure, expectFields } from '../guest/scenario/check.ts';
import { KIB, MIB } from '../guest/scenario/host.ts';
import type { Session } from '../guest/scenario/session.ts';
import { pace, until } from '../support/until.ts';
import type { Random } from './random.ts';

/** One command of one lane, times as performance.now() on the host, milliseconds. */
export type Round = {
  readonly lane: string;
  readonly start: number;
  readonly end: number;
  /** Lives of blobs. */
  readonly cycles: number;
  /** The longest of them, milliseconds, by the guest's clock. */
  readonly longest: number;
  readonly p99: number;
};

/** The lane by which stalls are measured. */
export const PROBE = 'probe';

const LIMIT = 120_000;
const POLL = 10;
const CLEAN = { failures: '0', lost: '0', dirty: '0', faults: '0', abnormal: '0' };

export class GuestLoad {
  readonly rounds: Round[] = [];
  /** Blobs that the churning lanes created and looked at again later. */
  kept = 0;
  #isStopping = false;
  #failure: Error | null = null;
  readonly #session: Session;
  readonly #lanes: readonly Promise<void>[];

  private constructor(session: Session, random: Random) {
    this.#session = session;
    this.#lanes = [
      // Workers of the guest's program: each runs one command at a time in a process of its own.
      this.#lane(() => this.#cycles('small', '@1 cycles 2 40', 4 * KIB, 'touch=all')),
      this.#lane(() => this.#cycles('settled', '@2 cycles 1 25', 64 * KIB, 'settle=200 touch=all')),
      this.#lane(() => this.#cycles('large', '@3 cycles 1 3', 2 * MIB, 'touch=all')),
      this.#lane(() => this.#churn('@4', random)),
      // One life of a blob a round: how long it took can be told of one death.
      this.#lane(() => this.#cycles(PROBE, '@5 cycles 1 1', 4 * KIB, '')),
    ];
  }

  /** Begins at once. */
  static start(session: Session, random: Random): GuestLoad {
    return new GuestLoad(session, random);
  }

  /** The guest processes that ask for blobs: five in cycles, one that churns. */
  static readonly PROCESSES = 6;

  get cycles(): number {
    return this.rounds.reduce((sum, round) => sum + round.cycles, 0);
  }

  /** Resolves when the probing process has lived through a blob's life that began after `since`, or something has gone wrong. */
  async passed(since: number): Promise<void> {
    const isDecided = (): boolean =>
      this.#failure !== null || this.rounds.some(({ lane, start }) => lane === PROBE && start >= since);
    await until('the probing process has lived through one more life', isDecided, {
      within: LIMIT,
      every: POLL,
    });
  }

  /** Throws what went wrong, if anything did. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Lets every lane end what it does, and throws what went wrong. Nothing is held afterwards. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#lanes);
    this.check();
  }

  async #lane(round: () => Promise<void>): Promise<void> {
    while (!this.#isStopping && this.#failure === null) {
      try {
        await round();
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new CheckFailure(String(error));
      }
    }
  }

  async #cycles(lane: string, command: string, size: number, options: string): Promise<void> {
    const start = performance.now();
    const figures = await this.#session.ask(`${command} ${size} ${options}`.trim(), LIMIT);
    expectFields(`${lane} cycles`, figures, CLEAN);
    this.rounds.push({
      lane,
      start,
      end: performance.now(),
      cycles: Number(figures['done']),
      longest: Number(figures['max_us']) / 1000,
      p99: Number(figures['p99_us']) / 1000,
    });
  }

  async #churn(worker: string, random: Random): Promise<void> {
    const count = random.between(4, 24);
    const held = await this.#session.ask(`${worker} hold ${count} ${random.between(1, 32) * 4 * KIB}`, LIMIT);
    expectFields('blobs kept for a while', held, { added: String(count), faults: '0' });
    for (let look = 0; look < 3; look++) {
      const seen = await this.#session.ask(`${worker} hold-verify`, LIMIT);
      expectFields('blobs kept for a while', seen, { held: String(count), wrong: '0', faults: '0' });
      await pace(random.between(0, 80));
    }
    const released = await this.#session.ask(`${worker} hold-release`, LIMIT);
    expectFields('blobs given back', released, { held: '0', failures: '0' });
    this.kept += count;
  }
}
