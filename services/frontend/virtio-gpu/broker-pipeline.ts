// The way of a batch: what the VMM has to do first, the broker, what the VMM has to do then. A reset of the device cuts it: what was asked
// before is not answered any more.
import type { Log } from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import type { BrokerSession, Done } from '../broker-session.ts';
import { type Operation, type Result, VMM_FAILED } from '../operation.ts';
import type { Placement } from './placement.ts';

export class BrokerPipeline {
  readonly #session: Pick<BrokerSession, 'execute'>;
  readonly #log: Log;
  #placement: Placement;
  #epoch = 0;

  constructor(session: Pick<BrokerSession, 'execute'>, placement: Placement, log: Log) {
    this.#session = session;
    this.#placement = placement;
    this.#log = log;
  }

  get placement(): Placement {
    return this.#placement;
  }

  set placement(placement: Placement) {
    this.#placement = placement;
  }

  /** Forgets everything that is under way. */
  reset(): void {
    this.#epoch += 1;
  }

  /**
   * Has operations done as one batch. `since`: performance.now() from which the guest waits; the broker's time-out counts from when it is
   * asked. `done` is called once, never from within this call, and not at all after a reset.
   */
  execute(operations: readonly Operation[], since: number, done: Done): void {
    const epoch = this.#epoch;
    const wait = this.#placement.prepare(operations);
    if (wait === null) {
      this.#ask(operations, null, since, done);
      return;
    }
    wait.then(
      (failures) => {
        if (epoch === this.#epoch) this.#ask(operations, failures, since, done);
      },
      (error: unknown) => this.#giveUp(error, operations, epoch, done),
    );
  }

  #ask(
    operations: readonly Operation[],
    failures: readonly (Result | undefined)[] | null,
    since: number,
    done: Done,
  ): void {
    const epoch = this.#epoch;
    const allowed = failures ? operations.filter((_, index) => !failures[index]) : operations;
    if (allowed.length === 0) {
      done((failures ?? []) as readonly Result[]);
      return;
    }
    this.#session.execute(allowed, since, (answers) => {
      if (epoch !== this.#epoch) return;
      const results = failures ? merge(failures, answers) : answers;
      const wait = this.#placement.settle(operations, results);
      if (wait === null) {
        done(results);
        return;
      }
      wait.then(
        (final) => {
          if (epoch === this.#epoch) done(final);
        },
        (error: unknown) => this.#giveUp(error, operations, epoch, done),
      );
    });
  }

  /** A fault of this program: the guest is answered all the same. */
  #giveUp(error: unknown, operations: readonly Operation[], epoch: number, done: Done): void {
    this.#log.error({ problem: messageOf(error) }, 'placing a batch failed');
    if (epoch === this.#epoch) done(operations.map(() => VMM_FAILED));
  }
}

function merge(failures: readonly (Result | undefined)[], answers: readonly Result[]): readonly Result[] {
  let next = 0;
  return failures.map((failure) => failure ?? (answers[next++] as Result));
}
