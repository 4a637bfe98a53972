// Brokers that die: what a kill leaves is a copy of the journal and of what the holder has, taken at one moment; a successor is started on that
// copy, in a run directory of its own.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerOptions } from '../../services/broker/main.ts';
import type { TestHolder } from '../lib/runtime/test-holder.ts';
import { TestBroker } from './harness.ts';

/** What a kill leaves. */
export class Remains {
  readonly directory = mkdtempSync(join(tmpdir(), 'barkeep-remains-'));
  readonly holder: TestHolder;
  readonly #brokers: TestBroker[] = [];

  constructor(broker: TestBroker | null, holder: TestHolder) {
    this.holder = holder.copy();
    if (broker !== null && existsSync(broker.paths.journal)) copyFileSync(broker.paths.journal, this.journal);
  }

  get journal(): string {
    return join(this.directory, 'journal');
  }

  async succeed(yaml?: string, more: Omit<BrokerOptions, 'store'> = {}): Promise<TestBroker> {
    const broker = await TestBroker.start(yaml, this.directory, { store: this.holder, ...more });
    this.#brokers.push(broker);
    return broker;
  }

  async end(): Promise<void> {
    for (const broker of this.#brokers) await broker.end();
    this.holder.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
