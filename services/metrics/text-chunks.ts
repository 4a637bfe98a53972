// Text that only grows, as bytes that are ready to be sent: megabytes of it cost what they are long, and no more.

/** Characters that are gathered before they become bytes. */
const CHUNK = 16 * 1024;

export class TextChunks {
  readonly #chunks: Buffer[] = [];
  #tail = '';

  add(text: string): void {
    this.#tail += text;
    if (this.#tail.length >= CHUNK) this.#close();
  }

  /** In order; nothing may be added any more. */
  bytes(): readonly Buffer[] {
    if (this.#tail !== '') this.#close();
    return this.#chunks;
  }

  #close(): void {
    this.#chunks.push(Buffer.from(this.#tail));
    this.#tail = '';
  }
}
