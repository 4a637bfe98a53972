// Zeroing and copying ranges of sparse files. Bytes are copied with read and write, never through a mapping: to read a hole through a mapping
// would give it a page.
import { read, readSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { Mapping, nextData, PAGE_SIZE, punchHole, punchHoleAsync } from '../os/memory.ts';

const PIECE = 1024 * 1024;
/**
 * Runs of data that are overwritten one by one, for about 3 µs each: to give back 16 of them and to fault for them again takes as long. What
 * counts is how long that is for pages that lie together: 0.1 µs each to overwrite, and more than ten times that to give back and fault for.
 */
const MOST_RUNS = 16;
const ZEROS = new Uint8Array(256 * 1024);
const readAsync = promisify(read);
const writeAsync = promisify(write);
/** For copies that are done in line: these never overlap. */
let inlinePiece: Buffer | null = null;

/** Zeroes a range and gives its pages back, at once whatever its size. Throws only when it can be neither punched nor mapped. */
export function zeroRangeInline(fd: number, offset: number, length: number): void {
  try {
    punchHole(fd, offset, length);
  } catch {
    overwrite(fd, offset, length);
  }
}

/**
 * Zeroes a range whose pages will be wanted again: what has data is overwritten, which leaves the pages where they are, in the file and in
 * every mapping. Where data lies scattered, or an overwrite fails, the pages are given back. Throws as zeroRangeInline().
 */
export function zeroRangeInPlace(fd: number, offset: number, length: number): void {
  if (!overwriteData(fd, offset, length)) zeroRangeInline(fd, offset, length);
}

/** The same off the event loop. */
export function zeroRange(fd: number, offset: number, length: number): Promise<void> {
  return punchHoleAsync(fd, offset, length).catch(() => overwrite(fd, offset, length));
}

/** Copies what has data; holes stay holes. Throws the errors of read(2) and write(2). */
export function copyRangeInline(
  from: number,
  fromOffset: number,
  to: number,
  toOffset: number,
  length: number,
): void {
  inlinePiece ??= Buffer.allocUnsafeSlow(PIECE);
  const end = fromOffset + length;
  for (let data = nextData(from, fromOffset, end); data !== null; ) {
    const piece = Math.min(data.length, PIECE);
    const count = readSync(from, inlinePiece, 0, piece, data.offset);
    writeAll(to, inlinePiece, count, toOffset + (data.offset - fromOffset));
    data = nextData(from, data.offset + piece, end);
  }
}

/** The same off the event loop, a piece of 1 MiB at a time. */
export async function copyRange(
  from: number,
  fromOffset: number,
  to: number,
  toOffset: number,
  length: number,
): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(PIECE);
  const end = fromOffset + length;
  for (let data = nextData(from, fromOffset, end); data !== null; ) {
    const piece = Math.min(data.length, PIECE);
    const { bytesRead } = await readAsync(from, bytes, 0, piece, data.offset);
    const offset = toOffset + (data.offset - fromOffset);
    for (let done = 0; done < bytesRead; ) {
      const { bytesWritten } = await writeAsync(to, bytes, done, bytesRead - done, offset + done);
      done += bytesWritten;
    }
    data = nextData(from, data.offset + piece, end);
  }
}

function writeAll(to: number, bytes: Buffer, length: number, offset: number): void {
  for (let done = 0; done < length; ) done += writeSync(to, bytes, done, length - done, offset + done);
}

/** False when it was not done, or not completely. */
function overwriteData(fd: number, offset: number, length: number): boolean {
  const end = offset + length;
  try {
    // A page alone that was a blob's has data, as a rule: looking costs more than writing.
    if (length <= PAGE_SIZE) {
      overwriteRun(fd, offset, length);
      return true;
    }
    let data = nextData(fd, offset, end);
    for (let runs = 0; data !== null && runs < MOST_RUNS; runs += 1) {
      overwriteRun(fd, data.offset, data.length);
      data = nextData(fd, data.offset + data.length, end);
    }
    return data === null;
  } catch {
    return false;
  }
}

function overwriteRun(fd: number, offset: number, length: number): void {
  for (let done = 0; done < length; ) {
    done += writeSync(fd, ZEROS, 0, Math.min(length - done, ZEROS.length), offset + done);
  }
}

/** For when punching failed (no memory for the kernel's own work): the bytes must not stay whatever it costs. */
function overwrite(fd: number, offset: number, length: number): void {
  for (let at = offset; at < offset + length; ) {
    const data = nextData(fd, at, offset + length);
    if (data === null) return;
    const piece = Math.min(data.length, PIECE);
    const mapping = Mapping.ofFile(fd, data.offset, piece);
    mapping.bytes(0, piece).fill(0);
    mapping.close();
    at = data.offset + piece;
  }
}
