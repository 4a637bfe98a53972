// A service under `barkeep keep` as the chaos suite sees it: two processes, of which one is killed and comes back.
import { CheckFailure } from '../guest/scenario/check.ts';
import { openDescriptors, type Service } from '../guest/scenario/service.ts';
import { childrenOf } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** A successor that serves again only after this long has not come back; milliseconds. */
const PATIENCE = { within: 20_000, every: 10 };
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
    const fresh = (): number => (this.pid === this.#last ? 0 : this.pid);
    const pid = await until(`${this.service.name} has a process to kill`, fresh, PATIENCE);
    this.#last = pid;
    process.kill(pid, signal);
    return pid;
  }

  /** The service is killed, and there is none until `work` is done: its keeper stands still. Resolves when a successor serves. */
  async away<Result>(work: () => Promise<Result>): Promise<Result> {
    process.kill(this.service.pid, 'SIGSTOP');
    try {
      const pid = await this.signal('SIGKILL');
      const result = await work();
      process.kill(this.service.pid, 'SIGCONT');
      await this.back(pid);
      return result;
    } finally {
      process.kill(this.service.pid, 'SIGCONT');
    }
  }

  /** Resolves when a life other than the one of `pid` serves. */
  async back(pid: number): Promise<void> {
    const found = (): string =>
      `a log that ends with\n${this.service.log().trim().split('\n').slice(-6).join('\n')}`;
    const isDecided = (): boolean => !this.service.running || this.#serves(pid);
    await until(`${this.service.name} is back`, isDecided, { ...PATIENCE, found });
    if (!this.service.running) throw new CheckFailure(`${this.service.name}: its keeper has ended`);
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
