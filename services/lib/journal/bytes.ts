// Bytes of a record, written and read in order. Little endian. On the path of every command: one buffer that grows, and no garbage.
import { readU64, type U64, writeU64 } from '../wire/u64.ts';

const FIRST_BYTES = 4096;
const MOST_SHORT_BYTES = 255;

export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = viewOf(this.#bytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, until the next call of anything here. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }

  /** Begins anew. */
  restart(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value, true);
  }

  /** Whole numbers up to 2^53 - 1 as well. */
  f64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value, true);
  }

  /** Throws RangeError for what is no u64. */
  u64(value: U64): void {
    const at = this.#take(8);
    writeU64(this.#view, at, value);
  }

  /** Their number as a u32, and the bytes. */
  blob(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.#put(bytes);
  }

  /** Their number as a u8, and the bytes. Throws RangeError above 255. */
  shortBlob(bytes: Uint8Array): void {
    if (bytes.length > MOST_SHORT_BYTES) {
      throw new RangeError(`${bytes.length} bytes were to be written where ${MOST_SHORT_BYTES} have room`);
    }
    this.u8(bytes.length);
    this.#put(bytes);
  }

  /** UTF-8, as a blob. */
  text(value: string): void {
    // No UTF-16 unit takes more than three bytes of UTF-8; what it does not take is given back.
    const at = this.#take(4 + value.length * 3);
    const length = this.#bytes.write(value, at + 4);
    this.#view.setUint32(at, length, true);
    this.#length = at + 4 + length;
  }

  /** Writes a number where u32() wrote another one, at `at` bytes from the start. */
  patch(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  #put(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Where the next so many bytes go. */
  #take(bytes: number): number {
    const at = this.#length;
    const end = at + bytes;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return at;
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, least));
    larger.set(this.bytes);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

/** Everything throws RangeError at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = viewOf(this.#bytes);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    const value = this.#view.getUint8(this.#at);
    this.#at += 1;
    return value;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  u64(): U64 {
    const value = readU64(this.#view, this.#at);
    this.#at += 8;
    return value;
  }

  /** A view of the bytes. */
  blob(): Buffer {
    return this.#get(this.u32());
  }

  /** A view of the bytes. */
  shortBlob(): Buffer {
    return this.#get(this.u8());
  }

  text(): string {
    return this.blob().toString('utf8');
  }

  /**
   * A u32, and so many entries. No entry is smaller than a byte, so a count that the bytes cannot hold is refused before anything is made
   * for it.
   */
  list<Item>(read: (from: ByteReader, index: number) => Item): Item[] {
    const count = this.u32();
    if (count > this.left) throw new RangeError(`${count} entries are announced in ${this.left} bytes`);
    const items: Item[] = [];
    for (let index = 0; index < count; index += 1) items.push(read(this, index));
    return items;
  }

  /** Throws RangeError unless everything was read. */
  end(): void {
    if (this.left > 0) throw new RangeError(`${this.left} bytes follow the end of the record`);
  }

  #get(length: number): Buffer {
    if (length > this.left) throw new RangeError(`${length} bytes are announced, and ${this.left} are there`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
