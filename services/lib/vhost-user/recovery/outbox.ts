// Bytes on their way to a socket, in a memfd that outlives this process. They are sent with sendfile(2) from the memfd's own offset, which
// moves in the same system call: where it stands says what was sent, to this process and to its successor.
//
//   0 ............ offset (sent up to here) ............ end (written up to here) ............ OUTBOX_BYTES
//
// The file stays for as long as the device; an outbox is one peer's. What a peer that is gone was not sent is behind the offset, and nobody's:
// the outbox of the next one begins there, as that of a successor does.
//
// The kernel does not copy: pages lie in the socket's queue until the peer has read them. So bytes are only ever appended, and when the end is
// reached, the file's pages are given up (the queue keeps those that it has) and writing starts at 0 with fresh ones.
import { fstatSync } from 'node:fs';
import type { Fd } from '../../os/fd.ts';
import {
  createMemfd,
  FIXED_SIZE_SEALS,
  fileOffset,
  getSeals,
  Mapping,
  PAGE_SIZE,
  punchHole,
  setFileOffset,
} from '../../os/memory.ts';
import { sendFile } from '../../os/socket.ts';
import { RecoveryError } from '../errors.ts';

const OUTBOX_BYTES = 16 * PAGE_SIZE;

export class OutboxFile {
  readonly fd: Fd;
  readonly bytes: Uint8Array;
  readonly #mapping: Mapping;

  private constructor(fd: Fd) {
    this.fd = fd;
    this.#mapping = Mapping.ofFile(fd.number, 0, OUTBOX_BYTES);
    this.bytes = this.#mapping.bytes(0, OUTBOX_BYTES);
  }

  static create(name: string): OutboxFile {
    return new OutboxFile(createMemfd(`barkeep-${name}`, OUTBOX_BYTES));
  }

  /** A predecessor's; takes the descriptor over, also when it throws: RecoveryError when it is no outbox. */
  static adopt(fd: Fd, name: string): OutboxFile {
    const { size } = fstatSync(fd.number);
    if (size !== OUTBOX_BYTES || getSeals(fd.number) !== FIXED_SIZE_SEALS) {
      fd.close();
      throw new RecoveryError(
        'WRONG',
        `what is stored as the ${name} of the device is no sealed memfd of ${OUTBOX_BYTES} bytes`,
      );
    }
    return new OutboxFile(fd);
  }

  /** Unmaps it and closes the descriptor here. */
  close(): void {
    this.#mapping.close();
    this.fd.close();
  }
}

export class Outbox {
  readonly #fd: Fd;
  readonly #bytes: Uint8Array;
  #end: number;

  /** Of a new peer, or a predecessor's. The file is borrowed, and no other outbox writes to it any more. */
  constructor({ fd, bytes }: OutboxFile) {
    this.#fd = fd;
    this.#bytes = bytes;
    this.#end = fileOffset(fd.number);
  }

  /** How much was sent, as an offset of the file. */
  get sent(): number {
    return fileOffset(this.#fd.number);
  }

  /**
   * Writes a message behind what is there and returns where it starts. Everything before it has been sent.
   * A message of up to a page lies in one page, so that the kernel sends it in one piece.
   */
  append(data: Uint8Array): number {
    const intoPage = this.#end % PAGE_SIZE;
    const start =
      data.length <= PAGE_SIZE && intoPage + data.length > PAGE_SIZE
        ? this.#end + PAGE_SIZE - intoPage
        : this.#end;
    if (start + data.length > OUTBOX_BYTES) {
      punchHole(this.#fd.number, 0, OUTBOX_BYTES);
      setFileOffset(this.#fd.number, 0);
      this.#end = 0;
      return this.append(data);
    }
    if (start !== this.#end) setFileOffset(this.#fd.number, start);
    this.#bytes.set(data, start);
    this.#end = start + data.length;
    return start;
  }

  /** Bytes of [start, start + length) that are not sent yet, for a successor; the outbox goes on behind them. */
  unsent(start: number, length: number): number {
    const { sent } = this;
    // Behind it, or at the front again: all of it was sent before anything else was written.
    if (sent < start || sent >= start + length) return 0;
    this.#end = start + length;
    return start + length - sent;
  }

  /** Sends up to `length` bytes of what was appended; returns how many. Throws SystemError (EPIPE, ...). */
  send(socket: number, length: number): number {
    return sendFile(socket, this.#fd.number, length);
  }
}
