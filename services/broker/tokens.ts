// One-time tokens for memory: given in an answer, redeemed on the fd channel by the same peer.
import { randomFillSync } from 'node:crypto';
import type { Fd } from '../lib/os/fd.ts';
import type { OpenMemory } from './heaps/backing.ts';

export const TOKEN_BYTES = 32;
/** Long enough for a busy caller, short enough that forgotten tokens do not pile up. */
export const TOKEN_LIFETIME_MS = 30_000;
/** Pending tokens of one owner: four of the largest batches. One more ends the oldest. */
export const MOST_PENDING = 4096;

/** Random bytes are drawn for so many tokens at once: a draw costs as much as fifty tokens. */
const POOL_BYTES = TOKEN_BYTES * 128;

export type TokenPeer = {
  /** 0 for a process of another pid namespace. */
  readonly pid: number;
  readonly uid: number;
};

/** The memory that a token stands for, looked up when it is redeemed: null when it is not held any more. */
export type MemorySource = () => OpenMemory | null;
/** Takes memory that is handed over: the descriptor is its own from there on, unless it says false, because that is not what was wanted. */
export type MemorySink = (fd: Fd) => boolean;

type Token = {
  readonly owner: string;
  readonly pid: number;
  readonly uid: number;
  /** On the clock of now(). */
  readonly expires: number;
  /** Of a token that is redeemed; null of one with which memory is handed over. */
  readonly source: MemorySource | null;
  readonly sink: MemorySink | null;
};

export type Redeemed = OpenMemory | 'unknown' | 'released';

export class Tokens {
  /** By the token's bytes, in the order in which they were given and so will expire. */
  readonly #tokens = new Map<string, Token>();
  /** Keys by owner, the oldest first. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #now: () => number;
  readonly #random = Buffer.allocUnsafeSlow(POOL_BYTES);
  #drawn = POOL_BYTES;
  #issued = 0;
  #redeemed = 0;
  #refused = 0;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Since the start. */
  get counts(): { readonly issued: number; readonly redeemed: number; readonly refused: number } {
    return { issued: this.#issued, redeemed: this.#redeemed, refused: this.#refused };
  }

  /** Tokens that are neither redeemed nor expired. */
  get pending(): number {
    this.#expire();
    return this.#tokens.size;
  }

  /** A new token for `peer`. `owner` is the VM, or a name for callers without one; its tokens can be made void together. */
  issue(owner: string, peer: TokenPeer, source: MemorySource): Buffer {
    return this.#issue(owner, peer, source, null);
  }

  /** A new token with which `peer` hands memory over to `sink`, once. */
  want(owner: string, peer: TokenPeer, sink: MemorySink): Buffer {
    return this.#issue(owner, peer, null, sink);
  }

  #issue(owner: string, peer: TokenPeer, source: MemorySource | null, sink: MemorySink | null): Buffer {
    this.#expire();
    const token = this.#draw();
    const key = token.toString('latin1');
    const keys = this.#keysOf(owner);
    if (keys.size >= MOST_PENDING) {
      const [oldest] = keys;
      if (oldest !== undefined) this.#remove(oldest, owner);
    }
    keys.add(key);
    const expires = this.#now() + TOKEN_LIFETIME_MS;
    this.#tokens.set(key, { owner, pid: peer.pid, uid: peer.uid, expires, source, sink });
    this.#issued += 1;
    return token;
  }

  /**
   * Gives the memory of a token to `peer`, and ends the token. A token that is not the peer's stays: whoever guesses must not be able to
   * take it from its owner.
   */
  redeem(bytes: Buffer, peer: TokenPeer): Redeemed {
    const source = this.#take(bytes, peer, 'source')?.source ?? null;
    if (source === null) return 'unknown';
    const memory = source();
    if (memory === null) {
      this.#refused += 1;
      return 'released';
    }
    this.#redeemed += 1;
    return memory;
  }

  /** Takes memory that `peer` hands over with a token, which ends. The descriptor stays the caller's, unless it is 'taken'. */
  hand(bytes: Buffer, peer: TokenPeer, fd: Fd): 'taken' | 'unknown' | 'refused' {
    const sink = this.#take(bytes, peer, 'sink')?.sink ?? null;
    if (sink === null) return 'unknown';
    if (!sink(fd)) {
      this.#refused += 1;
      return 'refused';
    }
    this.#redeemed += 1;
    return 'taken';
  }

  /** Ends a token of that kind of `peer`'s; null when there is none. */
  #take(bytes: Buffer, peer: TokenPeer, kind: 'source' | 'sink'): Token | null {
    this.#expire();
    const key = bytes.toString('latin1');
    const token = this.#tokens.get(key);
    // A pid means nothing across pid namespaces: there the uid has to do.
    const isHis = token?.uid === peer.uid && (token.pid === 0 || token.pid === peer.pid);
    if (token === undefined || !isHis || token[kind] === null) {
      this.#refused += 1;
      return null;
    }
    this.#remove(key, token.owner);
    return token;
  }

  /** Makes every token of an owner void. */
  revoke(owner: string): void {
    for (const key of this.#owners.get(owner) ?? []) this.#tokens.delete(key);
    this.#owners.delete(owner);
  }

  /** Makes every token void. */
  revokeAll(): void {
    this.#tokens.clear();
    this.#owners.clear();
  }

  #keysOf(owner: string): Set<string> {
    const found = this.#owners.get(owner);
    if (found !== undefined) return found;
    const keys = new Set<string>();
    this.#owners.set(owner, keys);
    return keys;
  }

  #remove(key: string, owner: string): void {
    this.#tokens.delete(key);
    const keys = this.#owners.get(owner);
    keys?.delete(key);
    if (keys?.size === 0) this.#owners.delete(owner);
  }

  /** All tokens live equally long, so the expired ones are the first. */
  #expire(): void {
    const now = this.#now();
    for (const [key, token] of this.#tokens) {
      if (token.expires > now) return;
      this.#remove(key, token.owner);
    }
  }

  #draw(): Buffer {
    if (this.#drawn === POOL_BYTES) {
      randomFillSync(this.#random);
      this.#drawn = 0;
    }
    const end = this.#drawn + TOKEN_BYTES;
    const token = Buffer.from(this.#random.subarray(this.#drawn, end));
    this.#random.fill(0, this.#drawn, end);
    this.#drawn = end;
    return token;
  }
}
