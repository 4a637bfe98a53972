// Bytes of a record, written and read in order. Little endian. On the path of every batch: one buffer that grows, and no garbage.
import type { U64 } from '../../lib/domain/u64.ts';

const FIRST_BYTES = 64 * 1024;
const TWO_32 = 2 ** 32;

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

  /** Begins anew. */
  restart(): void {
    this.#length = 0;
  }

  /** Makes room, so that the calls that follow need not look: they may write so many bytes together. */
  reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.bytes);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }

  /** This and the next three: after reserve(). */
  u8(value: number): void {
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Whole numbers up to 2^53 - 1 as well. */
  f64(value: number): void {
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** At most 2^64 - 1. */
  u64(value: U64): void {
    if (typeof value === 'bigint') {
      this.#view.setBigUint64(this.#length, value, true);
    } else {
      this.#view.setUint32(this.#length, value % TWO_32, true);
      this.#view.setUint32(this.#length + 4, Math.floor(value / TWO_32), true);
    }
    this.#length += 8;
  }

  /** Makes its own room. */
  blob(bytes: Uint8Array): void {
    this.reserve(4 + bytes.length);
    this.u32(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Makes its own room. */
  text(value: string): void {
    // No UTF-16 unit takes more than three bytes of UTF-8.
    this.reserve(4 + value.length * 3);
    const length = this.#bytes.write(value, this.#length + 4);
    this.u32(length);
    this.#length += length;
  }

  /** Writes a number where u32() wrote another one, at `at` bytes from the start. */
  patch(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }
}

/** Throws RangeError at the end of the bytes. */
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
    const value = this.#view.getBigUint64(this.#at, true);
    this.#at += 8;
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** A view of the bytes. */
  blob(): Buffer {
    const length = this.u32();
    if (length > this.left) throw new RangeError(`${length} bytes are announced, and ${this.left} are there`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.blob().toString('utf8');
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
