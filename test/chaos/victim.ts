// A service under `barkeep keep` as the chaos suite sees it: two processes, of which one is killed and comes back.
import { setTimeout as sleep } from 'node:timers/promises';
import { CheckFailure } from '../guest/scenario/check.ts';
import { openDescriptors, type Service } from '../guest/scenario/service.ts';
import { childrenOf } from './process-tree.ts';

const POLL = 10;
/** A successor that serves again only after this long has not come back; milliseconds. */
const BACK_LIMIT = 20_000;
/** What the keeper says when a successor was ready, with the successor's pid. */
const BACK = /"pid":(\d+),"child":"[^"]*","msg":"is back"/g;

export class Victim {
  readonly service: Service;
  #last = 0;

  constructor(service: Service) {
    this.service = service;
  }

  /** The service behind the keeper, 0 between two lives. */
  get pid(): number {
    return childrenOf(this.service.pid)[0] ?? 0;
  }

  /** Lives that the keeper has called ready, the first one not counted. */
  get comebacks(): number {
    return this.#ready().length;
  }

  /**
   * Sends the signal to the service, not to its keeper, and returns its pid. Waits for a successor that is not there yet, so that each call
   * is one death.
   */
  async signal(signal: 'SIGKILL' | 'SIGTERM'): Promise<number> {
    const deadline = performance.now() + BACK_LIMIT;
    for (;;) {
      const pid = this.pid;
      if (pid !== 0 && pid !== this.#last) {
        this.#last = pid;
        process.kill(pid, signal);
        return pid;
      }
      if (performance.now() > deadline)
        throw new CheckFailure(`${this.service.name}: no process to kill was started`);
      await sleep(POLL);
    }
  }

  /** Resolves when a life other than the one of `pid` serves. */
  async back(pid: number): Promise<void> {
    const deadline = performance.now() + BACK_LIMIT;
    while (!this.#serves(pid)) {
      if (!this.service.running) throw new CheckFailure(`${this.service.name}: its keeper has ended`);
      if (performance.now() > deadline) {
        const tail = this.service.log().trim().split('\n').slice(-6).join('\n');
        throw new CheckFailure(
          `${this.service.name} is not back after ${BACK_LIMIT / 1000} s; its log ends with\n${tail}`,
        );
      }
      await sleep(POLL);
    }
  }

  descriptors(): readonly string[] {
    return openDescriptors(this.pid);
  }

  /** Descriptors that the keeper's process has open, those it holds among them. */
  heldDescriptors(): readonly string[] {
    return openDescriptors(this.service.pid);
  }

  #serves(killed: number): boolean {
    const pid = this.pid;
    return pid !== 0 && pid !== killed && this.#ready().includes(pid);
  }

  #ready(): readonly number[] {
    return [...this.service.log().matchAll(BACK)].map(([, pid]) => Number(pid));
  }
}
