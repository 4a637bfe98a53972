// A guest of the in-tree VMM that goes on creating, mapping, writing, reading back and destroying blobs, and keeps some for as long as it
// lives: every answer and every byte is looked at.
import { until } from '../../support/until.ts';
import type { Blob } from '../../vmm/driver.ts';
import { Vmm } from '../../vmm/vmm.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const KEPT = 16;
/** Of kept blobs that are read again with each round. */
const LOOKS = 2;

type Mapped = Blob & { offset: number };

export class GuestLoad {
  readonly #vmm: Vmm;
  readonly #kept: { readonly blob: Mapped; readonly byte: number }[] = [];
  /** Commands that were answered as they should be. */
  operations = 0;
  /** What went wrong, in words. */
  readonly problems: string[] = [];
  #running: Promise<void> | null = null;
  #isStopping = false;
  #rounds = 0;

  private constructor(vmm: Vmm) {
    this.#vmm = vmm;
  }

  /** A VMM on a frontend's socket, with blobs that it keeps. */
  static async attach(socketPath: string): Promise<GuestLoad> {
    const load = new GuestLoad(await Vmm.boot({ socketPath, memory: 64 * MIB, answerTimeout: 120_000 }));
    for (let count = 0; count < KEPT; count += 1) {
      const blob = await load.#vmm.driver.createAndMap({ size: 64 * KIB });
      const byte = 1 + count;
      load.#vmm.window.write(blob.offset, Buffer.alloc(blob.size, byte));
      load.#kept.push({ blob, byte });
    }
    return load;
  }

  start(): void {
    this.#isStopping = false;
    this.#running = this.#run();
  }

  /** Ends the round that is under way. */
  async pause(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  /** Waits until whole rounds were done that began after this call. */
  async goesOn(): Promise<void> {
    const from = this.#rounds;
    await until('the guest goes on', () => this.problems.length > 0 || this.#rounds >= from + 3, {
      within: 60_000,
      found: () => ({ rounds: this.#rounds - from }),
    });
  }

  /** Looks at every byte of every kept blob. */
  checkKept(): void {
    for (let index = 0; index < KEPT; index += 1) this.#look(index);
  }

  close(): void {
    this.#vmm.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping && this.problems.length === 0) {
      try {
        await this.#round();
        this.#rounds += 1;
      } catch (error) {
        this.problems.push((error as Error).message);
      }
      // The VMM's own events come between rounds.
      await new Promise((next) => setImmediate(next));
    }
  }

  async #round(): Promise<void> {
    const { driver, window } = this.#vmm;
    const size = [4 * KIB, 4 * KIB, 64 * KIB, MIB][this.#rounds % 4] ?? 4 * KIB;
    const blob = await driver.createAndMap({ size });
    if (!window.read(blob.offset, size).equals(Buffer.alloc(size)))
      this.problems.push(`a fresh blob of ${size} bytes was not zero`);
    const pattern = Buffer.alloc(size, this.#rounds % 251);
    window.write(blob.offset, pattern);
    if (!window.read(blob.offset, size).equals(pattern))
      this.problems.push('a blob did not hold what was written');
    for (let count = 0; count < LOOKS; count += 1) this.#look((this.#rounds * LOOKS + count) % KEPT);
    await driver.unmapAndUnref(blob);
    // CREATE, MAP, UNMAP, UNREF.
    this.operations += 4;
  }

  #look(index: number): void {
    const { blob, byte } = this.#kept[index]!;
    const bytes = this.#vmm.window.read(blob.offset, blob.size);
    if (!bytes.equals(Buffer.alloc(blob.size, byte))) this.problems.push(`kept blob ${index} has changed`);
  }
}
