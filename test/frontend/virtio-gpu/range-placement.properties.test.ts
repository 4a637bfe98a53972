// Random guests of a VM that its frontend decides for in per-blob placement, a VMM that refuses and is silent, and frontends that die at any
// request to it: accounts and VMM agree whenever nothing is under way, what is fresh is zero, and what has content keeps it.
import { readSync, writeSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../../../services/frontend/state/device-journal.ts';
import type {
  ChannelResult,
  MappedRange,
  WindowRange,
} from '../../../services/lib/vhost-user/backend-channel.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import { turns, until } from '../../support/until.ts';
import { createBlob, mapBlob, unmapBlob, unref } from './commands.ts';
import { Bench, deciding, PAGE, refused, timedOut } from './fakes.ts';

const MARK = 8;

type Whim = 'ok' | 'refuses' | 'silent';

/** Has mappings, and does not always do what it is asked. */
class Vmm {
  readonly mappings = new Map<string, WindowRange>();
  whims: Whim[] = [];
  /** What the frontend's predecessor had mapped and unmapped, as the channel's record knows. */
  #inherited = new Set<string>();
  #unmapped = new Set<string>();
  #gone = new Set<string>();
  /** It was silent about these, and lets them go: what stays in doubt has tests of its own. */
  readonly #doubtful = new Set<string>();

  readonly reply = (kind: 'map' | 'unmap', range: WindowRange): ChannelResult =>
    kind === 'map' ? this.#map(range) : this.#unmap(range);

  /** A frontend has died; what its successor is told that it had. */
  inherit(): readonly WindowRange[] {
    this.#inherited = new Set(this.mappings.keys());
    this.#gone = this.#unmapped;
    this.#unmapped = new Set();
    return [...this.mappings.values()];
  }

  /** Everything asked for so far is answered to the guest. */
  settle(): void {
    this.#unmapped.clear();
    this.#gone.clear();
  }

  #map(range: WindowRange): ChannelResult {
    const key = keyOf(range);
    if (this.#inherited.delete(key)) return null;
    const end = range.shmOffset + range.length;
    for (const { shmOffset, length } of this.mappings.values()) {
      if (shmOffset < end && range.shmOffset < shmOffset + length) return refused();
    }
    const whim = this.whims.shift() ?? 'ok';
    if (whim === 'refuses') return refused();
    this.mappings.set(key, range);
    if (whim !== 'silent') return null;
    this.#doubtful.add(key);
    return timedOut();
  }

  #unmap(range: WindowRange): ChannelResult {
    const key = keyOf(range);
    if (!this.mappings.has(key)) return this.#gone.delete(key) ? null : refused();
    if (!this.#doubtful.delete(key) && this.whims[0] === 'refuses') {
      this.whims.shift();
      return refused();
    }
    this.mappings.delete(key);
    this.#inherited.delete(key);
    this.#unmapped.add(key);
    return null;
  }
}

type Deed = {
  readonly kind: 'create' | 'map' | 'unmap' | 'unref';
  readonly id: number;
  readonly page: number;
  readonly pages: number;
};

const encode = ({ kind, id, page, pages }: Deed): Uint8Array => {
  switch (kind) {
    case 'create':
      return createBlob(id, { size: pages * PAGE });
    case 'map':
      return mapBlob(id, page * PAGE);
    case 'unmap':
      return unmapBlob(id);
    case 'unref':
      return unref(id);
  }
};

type Blob = { readonly size: number; offset: number | null; mark: string | null };

/** What it has by its answers, and what it wrote. */
class Guest {
  readonly #blobs = new Map<number, Blob>();
  #marks = 0;

  heard({ kind, id, page, pages }: Deed, answer: string | null): void {
    const blob = this.#blobs.get(id);
    if (answer?.startsWith('ERR')) return;
    if (kind === 'create') this.#blobs.set(id, { size: pages * PAGE, offset: null, mark: null });
    else if (kind === 'unref') this.#blobs.delete(id);
    else if (blob) blob.offset = kind === 'map' ? page * PAGE : null;
  }

  /** Everything that is mapped is what it was, or zero; then it is marked. */
  look(window: number): void {
    for (const [id, blob] of this.#blobs) {
      if (blob.offset === null) continue;
      const bytes = Buffer.alloc(blob.size);
      readSync(window, bytes, 0, blob.size, blob.offset);
      const mark = bytes.toString('latin1', 0, MARK);
      expect(mark, `blob ${id}`).toBe(blob.mark ?? '\0'.repeat(MARK));
      expect(bytes.subarray(MARK).every((byte) => byte === 0)).toBe(true);
      this.#marks += 1;
      blob.mark ??= String(this.#marks).padStart(MARK, '.');
      writeSync(window, blob.mark, blob.offset, 'latin1');
    }
  }

  get mapped(): readonly string[] {
    return [...this.#blobs.values()]
      .flatMap(({ offset, size }) => (offset === null ? [] : [`${offset}:${size}`]))
      .sort();
  }
}

const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant('create' as const) },
    { weight: 5, arbitrary: fc.constant('map' as const) },
    { weight: 3, arbitrary: fc.constant('unmap' as const) },
    { weight: 2, arbitrary: fc.constant('unref' as const) },
  ),
  id: fc.integer({ min: 1, max: 4 }),
  page: fc.nat(4),
  pages: fc.integer({ min: 1, max: 2 }),
});
const kick = fc.record({
  deeds: fc.array(deed, { minLength: 1, maxLength: 8 }),
  whims: fc.array(fc.constantFrom<Whim>('ok', 'ok', 'ok', 'refuses', 'silent'), { maxLength: 4 }),
  /** The frontend dies with this request of the kick; when it comes to none, or for -1, not at all. */
  dies: fc.integer({ min: -1, max: 3 }),
});
type Kick = { readonly deeds: readonly Deed[]; readonly whims: readonly Whim[]; readonly dies: number };

class Life {
  readonly #vmm = new Vmm();
  readonly #guest = new Guest();
  readonly #benches: Bench[] = [];
  #answered = 0;

  constructor() {
    this.#benches.push(new Bench('per-blob', { decides: deciding() }));
  }

  async kick({ deeds, whims, dies }: Kick): Promise<void> {
    this.#vmm.whims = [...whims];
    const commands = deeds.map(encode);
    const before = this.#bench.queue.answers.length;
    if (await this.#dies(commands, dies)) {
      const done = this.#bench.queue.answers.length - before;
      const names = this.#bench.queue.names.slice(before);
      for (const [index, name] of names.entries()) this.#guest.heard(deeds[index] as Deed, name);
      this.#answered += done;
      this.#succeed();
      await this.#finish(deeds.slice(done), commands.slice(done), 0);
    } else this.#tell(deeds, before);
    await this.#expectAgreement();
  }

  close(): void {
    for (const bench of this.#benches) bench.close();
  }

  get #bench(): Bench {
    return this.#benches.at(-1) as Bench;
  }

  /** Runs commands; true when the frontend died of it, at its request number `dies`. */
  async #dies(commands: readonly Uint8Array[], dies: number): Promise<boolean> {
    const { channel, queue } = this.#bench;
    const expected = queue.answers.length + commands.length;
    let requests = -1;
    let isDead = false;
    channel.reply = this.#vmm.reply;
    const { shmemMapAll, shmemUnmapAll } = channel;
    const dead = (): Promise<never> => new Promise(() => {});
    const deathOf = (kind: 'map' | 'unmap', ranges: readonly WindowRange[]): boolean => {
      requests += 1;
      if (requests !== dies) return false;
      isDead = true;
      // The VMM does it all the same, and there is nobody to hear of it.
      for (const range of ranges) this.#vmm.reply(kind, range);
      return true;
    };
    channel.shmemMapAll = (ranges) => (deathOf('map', ranges) ? dead() : shmemMapAll.call(channel, ranges));
    channel.shmemUnmapAll = (ranges) =>
      deathOf('unmap', ranges) ? dead() : shmemUnmapAll.call(channel, ranges);
    this.#bench.kick(...commands);
    await until('the kick is answered', () => isDead || queue.answers.length === expected, { every: 1 });
    channel.shmemMapAll = shmemMapAll;
    channel.shmemUnmapAll = shmemUnmapAll;
    return isDead;
  }

  async #finish(deeds: readonly Deed[], commands: readonly Uint8Array[], before: number): Promise<void> {
    this.#bench.kick(...commands);
    const expected = before + commands.length;
    const { queue } = this.#bench;
    await until('the successor answers', () => queue.answers.length === expected, { every: 1 });
    this.#tell(deeds, before);
  }

  #tell(deeds: readonly Deed[], before: number): void {
    const names = this.#bench.queue.names.slice(before);
    for (const [index, one] of deeds.entries()) this.#guest.heard(one, names[index] ?? null);
    this.#answered += deeds.length;
    this.#vmm.settle();
  }

  #succeed(): void {
    const file = fileIdentity(this.#bench.window.number);
    const left = this.#vmm.inherit().map((range): MappedRange => ({ ...range, file }));
    const next = new Bench('per-blob', {
      decides: deciding(),
      predecessor: this.#bench,
      firstChain: this.#answered,
    });
    // What the channel says later, of what has not been asked for again.
    next.channel.inherited = () =>
      Promise.resolve(left.filter((range) => this.#vmm.mappings.has(keyOf(range))));
    next.channel.reply = this.#vmm.reply;
    this.#benches.push(next);
  }

  async #expectAgreement(): Promise<void> {
    await turns();
    const { accounts } = replay(this.#bench.records);
    const mapped = [...(accounts?.blobs.values() ?? [])]
      .filter(({ blob }) => blob.state === 'mapped')
      .map(({ blob }) => `${blob.offset}:${blob.size}`)
      .sort();
    expect(mapped).toEqual(this.#guest.mapped);
    expect([...this.#vmm.mappings.keys()].sort()).toEqual(mapped);
    this.#guest.look(this.#bench.window.number);
  }
}

function keyOf({ shmOffset, length }: WindowRange): string {
  return `${shmOffset}:${length}`;
}

describe('a guest in per-blob placement whose frontend decides', () => {
  it('finds accounts, VMM and bytes in agreement, whoever fails and dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(kick, { minLength: 1, maxLength: 12 }), async (kicks) => {
        const life = new Life();
        try {
          for (const one of kicks) await life.kick(one);
        } finally {
          life.close();
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
