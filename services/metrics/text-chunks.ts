// Text that only grows, as bytes that are ready to be sent: megabytes of it cost what they are long, and nothing for the garbage collector.
// The memory is used again by the next text, because V8 would let that of several pile up before it looks for what is garbage.

const CHUNK_BYTES = 16 * 1024;
/** UTF-8 has at most so many for one UTF-16 unit. */
const MOST_BYTES_OF_A_UNIT = 3;

/** Memory for texts: as much as the longest one took. */
export class ChunkPool {
  readonly #free: Buffer[] = [];

  /** At least `bytes` long; the content is anything. */
  take(bytes: number): Buffer {
    const chunk = bytes > CHUNK_BYTES ? undefined : this.#free.pop();
    return chunk ?? Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
  }

  /** What a text was made of; nobody reads it any more. */
  give(chunks: readonly Buffer[]): void {
    for (const { buffer } of chunks) {
      if (buffer.byteLength === CHUNK_BYTES) this.#free.push(Buffer.from(buffer));
    }
  }
}

export class TextChunks {
  readonly #pool: ChunkPool;
  readonly #full: Buffer[] = [];
  #chunk: Buffer | null = null;
  #used = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  add(text: string): void {
    const most = text.length * MOST_BYTES_OF_A_UNIT;
    if (this.#chunk === null || this.#used + most > this.#chunk.length) {
      this.#close();
      this.#chunk = this.#pool.take(most);
    }
    this.#used += this.#chunk.write(text, this.#used);
  }

  /** In order; nothing may be added any more. They are the pool's: give them back. */
  bytes(): readonly Buffer[] {
    this.#close();
    return this.#full;
  }

  #close(): void {
    if (this.#chunk !== null) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = null;
    this.#used = 0;
  }
}
