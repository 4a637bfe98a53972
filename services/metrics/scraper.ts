// One scrape: asks the broker, page by page, and makes the text of it. What cannot be had is said and not left out in silence.
import { AdminError } from '../lib/rpc/admin-client.ts';
import type { ProcessFigures } from '../lib/runtime/process-figures.ts';
import type { Statistics } from './definitions.ts';
import { Exposition, Family, type Heading } from './exposition.ts';
import { ChunkPool } from './text-chunks.ts';

/** Why a scrape was without the broker (lib/rpc/admin-client.ts). */
const FAILURES = ['absent', 'unavailable', 'forbidden', 'refused'] as const;
type Failure = (typeof FAILURES)[number];

const UP: Heading = {
  name: 'barkeep_up',
  help: '1 when the broker answered this scrape.',
  type: 'gauge',
  labels: [],
};
const BUILD: Heading = {
  name: 'barkeep_build_info',
  help: 'Always 1; versions are labels.',
  type: 'gauge',
  labels: ['version', 'broker_version', 'node_version'],
};
const FAILED: Heading = {
  name: 'barkeep_scrape_failures_total',
  help: 'Scrapes without the broker: its socket is absent, it was unavailable, this user is forbidden to ask, or it refused.',
  type: 'counter',
  labels: ['reason'],
};

export type Source = {
  /** The broker's statistics of this moment, some VMs at a time; rejects when it does not answer in time. */
  readonly statistics: () => AsyncIterable<Statistics>;
  /** Called when a scrape could not ask the broker. */
  readonly onFailure: (error: unknown) => void;
  readonly version: string;
  /** Of this process. */
  readonly figures: Pick<ProcessFigures, 'read'>;
  readonly hasVmHistograms: boolean;
};

/** The text of one moment, for all who asked in that moment. */
export class Page {
  readonly chunks: readonly Buffer[];
  readonly #onUnread: () => void;
  #readers: number;

  constructor(chunks: readonly Buffer[], readers: number, onUnread: () => void) {
    this.chunks = chunks;
    this.#readers = readers;
    this.#onUnread = onUnread;
  }

  /** A reader has done with it; each says so once. Its memory is used again when all have. */
  release(): void {
    this.#readers -= 1;
    if (this.#readers === 0) this.#onUnread();
  }
}

export class Scraper {
  readonly #source: Source;
  readonly #pool = new ChunkPool();
  readonly #failures: Record<Failure, number> = { absent: 0, unavailable: 0, forbidden: 0, refused: 0 };
  #running: Promise<Page> | null = null;
  /** Who waits for the scrape that runs. */
  #waiting = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Scrapes that come while one is under way get the same page: memory for one is enough. Never rejects. */
  scrape(): Promise<Page> {
    this.#waiting += 1;
    this.#running ??= this.#gather().then((chunks) => {
      const page = new Page(chunks, this.#waiting, () => this.#pool.give(chunks));
      this.#running = null;
      this.#waiting = 0;
      return page;
    });
    return this.#running;
  }

  async #gather(): Promise<readonly Buffer[]> {
    let broker: Asked | null = null;
    try {
      broker = await this.#ask();
    } catch (error) {
      this.#failures[failureOf(error)] += 1;
      this.#source.onFailure(error);
    }
    const exposition = broker?.exposition ?? new Exposition(this.#source.hasVmHistograms, this.#pool);
    exposition.process('metrics', '', this.#source.figures.read());
    return [...this.#own(broker?.version ?? null), ...exposition.bytes()];
  }

  /** All of it or nothing: half of the VMs would look like the end of the others. */
  async #ask(): Promise<Asked> {
    const exposition = new Exposition(this.#source.hasVmHistograms, this.#pool);
    let version: string | null = null;
    for await (const page of this.#source.statistics()) {
      if (version === null) {
        version = page.version;
        exposition.host(page);
        if (page.process) exposition.process('broker', '', page.process);
      }
      for (const vm of page.vms) exposition.vm(vm);
    }
    return { exposition, version: version ?? '' };
  }

  /** What this endpoint says of itself. `broker` is its version; null when it did not answer. */
  #own(broker: string | null): readonly Buffer[] {
    const family = (heading: Heading): Family => new Family(heading, this.#pool);
    const up = family(UP);
    up.add(Number(broker !== null), []);
    const build = family(BUILD);
    build.add(1, [this.#source.version, broker ?? '', process.version]);
    const failures = family(FAILED);
    for (const reason of FAILURES) failures.add(this.#failures[reason], [reason]);
    return [up, build, failures].flatMap((one) => one.bytes());
  }
}

type Asked = { readonly exposition: Exposition; readonly version: string };

function failureOf(error: unknown): Failure {
  const failure = error instanceof AdminError ? error.failure : 'unavailable';
  return failure === 'not-found' ? 'refused' : failure;
}
