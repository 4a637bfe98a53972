// What happens in the broker, for those who watch. A watcher that is too slow loses events and is told how many; nobody waits for it.
import type { Operation } from '../lib/domain/command.ts';
import type { CacheType } from '../lib/domain/heap.ts';
import type { RefusalReason } from '../lib/domain/refusal.ts';

export type BrokerEvent =
  | {
      readonly kind: 'state';
      readonly vm: string;
      readonly state: 'detached' | 'attached' | 'orphaned' | 'suspended';
      /** Why it is suspended; empty otherwise. */
      readonly reason: string;
    }
  | { readonly kind: 'created'; readonly vm: string; readonly resource: number; readonly size: number }
  | {
      readonly kind: 'mapped';
      readonly vm: string;
      readonly resource: number;
      readonly offset: number;
      readonly size: number;
      readonly cache: CacheType;
    }
  | { readonly kind: 'unmapped' | 'destroyed'; readonly vm: string; readonly resource: number }
  | { readonly kind: 'reset'; readonly vm: string; readonly generation: number }
  | {
      readonly kind: 'refused';
      readonly vm: string;
      readonly operation: Operation;
      readonly reason: RefusalReason;
      readonly message: string;
    };

export type TimedEvent = {
  readonly event: BrokerEvent;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Events that were lost just before this one. */
  readonly lost: number;
};

/** Takes an event; false when it has to be the last until resume(). */
export type Sink = (event: TimedEvent) => boolean;

/** Events that wait for a slow watcher. */
export const MOST_WAITING = 4096;
/** Watchers at one time; each costs every event a little. */
export const MOST_WATCHERS = 64;

export class Events {
  /** With what is called at their end. */
  readonly #watchers = new Map<Watcher, () => void>();

  /** False: nobody watches, so events need not be made. */
  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  publish(event: BrokerEvent): void {
    const time = Date.now();
    for (const watcher of this.#watchers.keys()) watcher.offer(event, time);
  }

  /**
   * Gives `sink` every event of `vm` (null: of all) from now on; `onEnd` is called when there will be no more.
   * Null when too many watch already.
   */
  watch(vm: string | null, sink: Sink, onEnd: () => void): Watcher | null {
    if (this.#watchers.size >= MOST_WATCHERS) return null;
    const watcher = new Watcher(vm, sink, () => this.#watchers.delete(watcher));
    this.#watchers.set(watcher, onEnd);
    return watcher;
  }

  /** Ends every watch. */
  close(): void {
    const ends = [...this.#watchers.values()];
    this.#watchers.clear();
    for (const end of ends) end();
  }
}

export class Watcher {
  readonly #vm: string | null;
  readonly #sink: Sink;
  /** Forgets the watcher. */
  readonly close: () => void;
  #waiting: TimedEvent[] = [];
  #lost = 0;
  #blocked = false;

  constructor(vm: string | null, sink: Sink, close: () => void) {
    this.#vm = vm;
    this.#sink = sink;
    this.close = close;
  }

  offer(event: BrokerEvent, time: number): void {
    if (this.#vm !== null && this.#vm !== event.vm) return;
    if (this.#blocked && this.#waiting.length >= MOST_WAITING) {
      this.#lost += 1;
      return;
    }
    const timed = { event, time, lost: this.#lost };
    this.#lost = 0;
    if (this.#blocked) this.#waiting.push(timed);
    else this.#blocked = !this.#sink(timed);
  }

  /** The sink can take events again. */
  resume(): void {
    this.#blocked = false;
    const waiting = this.#waiting;
    let next = 0;
    while (next < waiting.length && !this.#blocked) {
      this.#blocked = !this.#sink(waiting[next]!);
      next += 1;
    }
    this.#waiting = waiting.slice(next);
  }
}
