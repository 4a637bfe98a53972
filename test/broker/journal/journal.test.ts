// The journal of VMs that live at random, with memory that fails at random: at any moment it says what they are, in whichever file it lies,
// and whatever became of its bytes is noticed.
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttachedVm } from '../../../services/broker/attached-vm.ts';
import { FollowedVm } from '../../../services/broker/followed-vm.ts';
import { DescriptorBudget } from '../../../services/broker/heaps/descriptor-budget.ts';
import { Heaps } from '../../../services/broker/heaps/heaps.ts';
import {
  encodeAttach,
  encodeComplete,
  encodeGrant,
  encodeStart,
  encodeTold,
} from '../../../services/broker/journal/encode.ts';
import { type CommandLog, Journal } from '../../../services/broker/journal/journal.ts';
import { journalKind, type VmRecord } from '../../../services/broker/journal/record.ts';
import { type Replay, replayJournal } from '../../../services/broker/journal/replay.ts';
import { accountsOf } from '../../../services/lib/domain/accounts.ts';
import { type Command, OPERATIONS } from '../../../services/lib/domain/command.ts';
import { type CounterChanges, type CounterFigures, RESULTS } from '../../../services/lib/domain/counters.ts';
import { GrantedBooks } from '../../../services/lib/domain/grant.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import { REFUSAL_REASONS } from '../../../services/lib/domain/refusal.ts';
import { Vm } from '../../../services/lib/domain/vm.ts';
import type { VmSettings } from '../../../services/lib/domain/vm-settings.ts';
import { bootId } from '../../../services/lib/journal/boot-id.ts';
import { ByteWriter } from '../../../services/lib/journal/bytes.ts';
import { FileJournal } from '../../../services/lib/journal/file-journal.ts';
import { JournalError } from '../../../services/lib/journal/journal-error.ts';
import { WindowMemory } from '../../../services/lib/memory/window-memory.ts';
import type { HeapConfig } from '../../../services/lib/runtime/config.ts';
import { life } from '../../lib/domain/support/life.ts';
import { HEAPS, HOST_LIMITS, type Step, VMS } from '../../lib/domain/support/world.ts';
import { turns, until } from '../../support/until.ts';

const NO_LIMITS = { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED };
const log = pino({ level: 'silent' });
const CONFIGS: HeapConfig[] = HEAPS.map(({ name, cache, capacity }) => ({
  name,
  backing: 'memfd',
  cache,
  capacity,
  path: null,
  prefault: false,
}));

/** Memory that fails when the dice say so. */
class Unreliable extends WindowMemory {
  failing = false;

  #mayFail(what: string): void {
    if (!this.failing) return;
    this.failing = false;
    throw new Error(`${what} failed`);
  }

  override populate(offset: number, length: number): Promise<void> | null {
    this.#mayFail('populate');
    return super.populate(offset, length);
  }

  override stash(...args: Parameters<WindowMemory['stash']>): Promise<void> | null {
    this.#mayFail('stash');
    return super.stash(...args);
  }

  override restore(resource: number, offset: number, length: number): Promise<void> | null {
    this.#mayFail('restore');
    return super.restore(resource, offset, length);
  }
}

type Actor = {
  readonly settings: VmSettings;
  readonly attached: AttachedVm;
  readonly memory: Unreliable | null;
  readonly slot: number;
  number: number;
};

class Lives {
  readonly directory = mkdtempSync(join(tmpdir(), 'barkeep-journal-'));
  readonly path = join(this.directory, 'journal');
  readonly budget = new DescriptorBudget(10_000);
  readonly heaps = new Heaps(CONFIGS, this.budget, log);
  readonly host = new Host({ limits: HOST_LIMITS, heaps: this.heaps.settings }, this.heaps);
  readonly actors: Actor[];
  readonly journal: Journal;

  readonly decided: Decided;

  constructor(firstLimit?: number) {
    this.journal = Journal.begin(
      {
        path: this.path,
        bootId: bootId(),
        brokerVersion: 'test',
        heaps: () => this.heaps.records(),
        inodeOf: (allocation) => this.heaps.inodeOf(allocation),
        log,
        ...(firstLimit === undefined ? {} : { firstLimit }),
      },
      () => [],
    );
    this.actors = VMS.map((settings) => this.attach(settings));
    this.decided = new Decided(this);
  }

  attach(settings: VmSettings): Actor {
    const vm = this.host.attach(settings);
    const slot = this.journal.newSlot();
    const memory =
      settings.memory === 'window' ? new Unreliable(settings.name, settings.windowSize, this.budget) : null;
    const { defaultHeap, blobHeaps } = settings;
    const commands: CommandLog = this.journal.commandsOf(slot, vm, (id) =>
      id === 0 ? defaultHeap : (blobHeaps.get(String(id)) ?? ''),
    );
    const attached = new AttachedVm(vm, memory, this.heaps, commands);
    const record = {
      slot,
      name: settings.name,
      session: Buffer.alloc(16, slot),
      windowSize: settings.windowSize,
      placement: settings.memory === 'window' ? ('window' as const) : ('per-blob' as const),
      windowInode: memory?.inode ?? 0,
      heap: defaultHeap,
      blobHeaps: new Map([...blobHeaps].map(([id, heap]) => [Number(id), heap])),
      attachedBy: { kind: 'user', uid: 0 } as const,
      scanouts: 1,
      quota: { bytes: 0, mappings: 0, allocations: 0 },
      decides: false,
    };
    this.journal.attached(record, {
      slot,
      get busy() {
        return attached.busy;
      },
      image: () => ({
        vm: record,
        state: 'attached',
        graceEnds: 0,
        suspension: '',
        grant: null,
        accountsVersion: 0,
        settledMemory: 0,
        unusedMemory: [],
        snapshot: vm.snapshot(),
        inodeOf: (allocation) => this.heaps.inodeOf(allocation),
        stashInode: (resource) => memory?.stashInode(resource) ?? 0,
      }),
    });
    return { settings, attached, memory, slot, number: 0 };
  }

  async take(step: Step): Promise<void> {
    this.decided.take(step);
    const actor = this.actors[step.vm]!;
    const { attached, memory } = actor;
    switch (step.kind) {
      case 'command': {
        if (memory !== null) memory.failing = step.failAt !== null;
        const commands = this.batch(actor, step);
        await attached.run(commands);
        if (memory !== null) memory.failing = false;
        break;
      }
      case 'acknowledge':
        attached.vm.acknowledge(Math.min(step.through, attached.vm.lastNumber));
        break;
      case 'reattach':
        this.journal.reclaimed(actor.slot);
        await attached.close(
          () => this.host.detach(actor.settings.name) ?? [],
          true,
          () => undefined,
        );
        this.actors[step.vm] = this.attach(actor.settings);
        break;
    }
  }

  /** The command three times over, with a repetition and a gap in between: batches have all of these. */
  batch(actor: Actor, step: Step & { kind: 'command' }): Command[] {
    const next = (): number => (actor.number += 1);
    const commands = [
      { ...step.command, number: next() },
      { kind: 'reset', number: Math.max(1, actor.number - 1) },
      { kind: 'unmap', number: next(), resource: 1 },
      { kind: 'unmap', number: actor.number + 40, resource: 1 },
      { ...step.command, number: next() },
    ];
    return commands as Command[];
  }

  async end(): Promise<void> {
    for (const { attached, settings } of this.actors)
      await attached.close(
        () => this.host.detach(settings.name) ?? [],
        true,
        () => undefined,
      );
    this.host.detach(DECIDED.name);
    this.journal.close();
    this.heaps.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const DECIDED: VmSettings = { ...VMS[0]!, name: 'decided', windowSize: 64 * 1024 * 1024 };

/** A VM whose frontend decides; that is this test. It does what the first of the others is asked, and tells it. */
class Decided {
  readonly followed: FollowedVm;
  readonly slot: number;
  readonly record: VmRecord;
  suspension = '';
  readonly #vm: Vm;
  readonly #books: GrantedBooks;
  #steps = 0;
  readonly #journal: Journal;

  constructor({ host, journal, heaps }: Lives) {
    const vm = host.attach(DECIDED, true);
    this.#journal = journal;
    this.slot = journal.newSlot();
    const log = journal.commandsOf(this.slot, vm, () => '');
    this.followed = new FollowedVm(vm, host, heaps, log);
    const record: VmRecord = {
      slot: this.slot,
      name: DECIDED.name,
      session: Buffer.alloc(16, this.slot),
      windowSize: DECIDED.windowSize,
      placement: 'window',
      windowInode: 0,
      heap: DECIDED.defaultHeap,
      blobHeaps: new Map(),
      attachedBy: { kind: 'user', uid: 0 },
      scanouts: 1,
      quota: { bytes: 0, mappings: 0, allocations: 0 },
      decides: true,
    };
    this.record = record;
    journal.attached(record, {
      slot: this.slot,
      busy: false,
      image: () => ({
        vm: record,
        state: this.suspension === '' ? 'attached' : 'suspended',
        graceEnds: 0,
        suspension: this.suspension,
        snapshot: vm.snapshot(),
        grant: this.followed.grant,
        accountsVersion: this.followed.accountsVersion,
        settledMemory: 0,
        unusedMemory: [],
        inodeOf: () => 0,
        stashInode: () => 0,
      }),
    });
    this.#books = new GrantedBooks(heaps.settings, null);
    const { account, heaps: shares } = this.#books;
    this.#vm = new Vm(DECIDED, { account, heaps: shares, port: { allocate: () => null } });
    this.#vm.collectTouched();
    this.#books.set(this.followed.requestFirst().grant);
  }

  take(step: Step): void {
    this.#steps += 1;
    if (step.kind === 'command' && step.vm === 0) {
      const { reply } = this.#vm.apply({ ...step.command, number: this.#vm.lastNumber + 1 } as Command);
      this.#vm.acknowledge(reply.number);
      const { counters, ...rest } = accountsOf(this.#vm, this.#vm.takeTouched());
      this.followed.enter({
        ...rest,
        version: this.followed.accountsVersion + 1,
        counts: changesOf(counters),
      });
    }
    if (this.#steps % 4 === 0) {
      const { used } = this.#books;
      const wanted = { ...used, allocations: used.allocations + (this.#steps % 3), mappings: 50 };
      this.#books.set(this.followed.request({ wanted, needed: used }).grant);
    }
    if (this.#steps === 30) {
      this.suspension = 'because';
      this.#journal.stateChanged(this.slot, 'suspended', 0, this.suspension);
    }
  }
}

function changesOf({ operations, refusals }: CounterFigures): CounterChanges {
  return {
    operations: OPERATIONS.flatMap((operation) =>
      RESULTS.map((result) => ({ operation, result, count: operations[operation][result] })),
    ),
    refusals: REFUSAL_REASONS.map((reason) => ({ reason, count: refusals[reason] })),
  };
}

function replay(path: string): Replay & { readonly host: Host } {
  const copy = `${path}.copy`;
  copyFileSync(path, copy);
  const opened = FileJournal.open(copy, journalKind(bootId()));
  if (opened === null) throw new Error('there is no journal');
  opened.journal.close();
  const host = new Host(
    { limits: NO_LIMITS, heaps: HEAPS.map((heap) => ({ ...heap, backing: 'memfd', granule: 4096 })) },
    { allocate: () => null },
  );
  const target = {
    host,
    settingsOf: ({ name }: { name: string }) => [...VMS, DECIDED].find((vm) => vm.name === name) ?? 'unknown',
    heapProblem: () => null,
  };
  return { ...replayJournal(copy, opened.payloads, target), host };
}

function check(lives: Lives): void {
  const { vms, host } = replay(lives.path);
  expect(vms.map(({ record, problem }) => [record.name, problem]).sort()).toEqual(
    [DECIDED, ...lives.actors.map(({ settings }) => settings)].map(({ name }) => [name, null]).sort(),
  );
  const { followed, suspension } = lives.decided;
  const again = vms.find(({ record }) => record.decides);
  expect(again).toMatchObject({
    accountsVersion: followed.accountsVersion,
    state: suspension === '' ? 'attached' : 'suspended',
    suspension,
  });
  expect(again?.vm?.snapshot()).toEqual(followed.vm.snapshot());
  expect(host.grantOf(DECIDED.name)).toEqual(followed.grant);
  for (const { attached, settings, memory } of lives.actors) {
    const replayed = vms.find(({ record }) => record.name === settings.name)!;
    // An acknowledgement is written down with the batch that follows it.
    replayed.vm!.acknowledge(attached.vm.acknowledgedNumber);
    expect(replayed.vm!.snapshot()).toEqual(attached.vm.snapshot());
    expect(replayed.record.windowInode).toBe(memory?.inode ?? 0);
    for (const { allocation, state, resource } of attached.vm.blobs()) {
      if (allocation !== null) expect(replayed.inodeOf(allocation)).toBe(lives.heaps.inodeOf(allocation));
      if (state === 'stashed') expect(replayed.stashInode(resource)).toBe(memory?.stashInode(resource));
    }
  }
  expect(host.used).toEqual(lives.host.used);
}

let lives: Lives;
describe('a journal of random lives', () => {
  it.each([
    ['that only grows', undefined],
    ['that is begun anew all the time', 1],
  ])(
    '%s says what they are after every step',
    async (_, firstLimit) => {
      const seen = new Set<number>();
      await fc.assert(
        fc.asyncProperty(life(50), async (steps) => {
          lives = new Lives(firstLimit);
          for (const [index, step] of steps.entries()) {
            await lives.take(step);
            if (index % 5 === 0) check(lives);
            // Lets a slice of a new journal run, or not.
            if (index % 3 === 0) await turns(1 + (index % 2));
          }
          check(lives);
          seen.add(lives.journal.figures.snapshots);
          expect(lives.journal.figures).toMatchObject({ errors: 0, isWhole: true });
          await lives.end();
        }),
        { numRuns: 40 },
      );
      expect(Math.max(...seen) > 1).toBe(firstLimit !== undefined);
    },
    120_000,
  );
});

describe('a journal', () => {
  beforeEach(() => {
    lives = new Lives();
  });
  afterEach(() => lives.end());

  const steps = (): Step[] => fc.sample(life(40), { numRuns: 1, seed: 11 })[0]!;

  it('that was cut anywhere is refused or a shorter story, and never another one', async () => {
    const stories = new Set<string>();
    const story = (path: string): string => {
      const { vms } = replay(path);
      return JSON.stringify(
        vms.map(({ record, problem, vm }) => [record.slot, problem, vm?.snapshot() ?? null]),
      );
    };
    stories.add(story(lives.path));
    for (const step of steps().slice(0, 12)) {
      await lives.take(step);
      stories.add(story(lives.path));
    }
    const bytes = readFileSync(lives.path);
    const cut = join(lives.directory, 'cut');
    const found = { whole: 0, damaged: 0, other: 0 };
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(cut, bytes.subarray(0, length));
      try {
        story(cut);
        found.whole += 1;
      } catch (error) {
        if (error instanceof JournalError) found.damaged += 1;
        else found.other += 1;
      }
    }
    // The header, and the records from "start" to "complete".
    expect(found.damaged).toBeGreaterThan(64);
    expect(found.damaged).toBeLessThan(500);
    expect(found.whole).toBe(bytes.length + 1 - found.damaged);
    writeFileSync(cut, bytes);
    expect(stories.has(story(cut))).toBe(true);
  });

  it('with any bit flipped is refused, and says where', async () => {
    for (const step of steps()) await lives.take(step);
    const bytes = readFileSync(lives.path);
    const flipped = join(lives.directory, 'flipped');
    const problems: string[] = [];
    for (let at = 0; at < bytes.length; at += 1 + Math.floor(at / 400)) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(flipped, damaged);
      try {
        replay(flipped);
        problems.push(`byte ${at}: nothing was noticed`);
      } catch (error) {
        if (!(error instanceof JournalError)) problems.push(`byte ${at}: ${error as Error}`);
      }
    }
    expect(problems).toEqual([]);
  });

  it('whose records contradict each other costs the VM that they are about', async () => {
    await lives.take({
      kind: 'command',
      vm: 1,
      command: {
        kind: 'create',
        resource: 1,
        context: 0,
        blobMem: 'host3d',
        flags: 1,
        blobId: 0,
        size: 4096,
      },
      aim: null,
      failAt: null,
      exhausted: false,
    });
    // A map of a blob that never was, in a slot that is.
    const opened = FileJournal.open(lives.path, journalKind(bootId()))!;
    const bogus = Buffer.alloc(1 + 4 + 8 + 8 + 4 + 13 + 4);
    bogus.writeUInt8(6, 0);
    bogus.writeUInt32LE(lives.actors[0]!.slot, 1);
    bogus.writeDoubleLE(1, 13);
    bogus.writeUInt32LE(1, 21);
    bogus.writeUInt8(2, 25);
    bogus.writeUInt32LE(77, 26);
    opened.journal.append([bogus]);
    opened.journal.close();
    const { vms, host } = replay(lives.path);
    expect(vms.map(({ record, problem }) => [record.name, problem])).toEqual([
      [
        'desk',
        expect.stringContaining(
          'its journal contradicts itself: vm desk: command 1 went well once, and cannot now',
        ),
      ],
      ['lab', null],
      ['decided', null],
    ]);
    expect([...host.vms.keys()]).toEqual(['lab', 'decided']);
  });

  it('has accounts of more blobs than one record holds as a whole, or not at all', () => {
    const heap = {
      ...HEAPS[0]!,
      lastId: 0,
      device: 0,
      inode: 0,
      size: 0,
      path: '',
      prefault: false,
      granule: 4096,
      capacity: UNLIMITED,
    };
    const out = new ByteWriter();
    const payloads: Buffer[] = [];
    const write = (): void => void payloads.push(Buffer.from(out.bytes));
    const record = (encode: () => void): void => {
      out.restart();
      encode();
      write();
    };
    const count = 100_001;
    const blobs = Array.from({ length: count }, (_, index) => ({
      resource: index + 1,
      context: 0,
      blobId: 0,
      blobMem: 'host3d' as const,
      flags: 1,
      size: 4096,
      heap: heap.name,
      allocation: null,
      state: 'unmapped' as const,
      offset: 0,
    }));
    const told = {
      complete: true,
      destroyed: [],
      blobs,
      generation: 1,
      settledMemory: 0,
      counts: { operations: [], refusals: [] },
    };
    record(() => encodeStart(out, 'test', [heap]));
    record(() => encodeComplete(out));
    record(() => encodeAttach(out, lives.decided.record));
    const grant = { heaps: new Map([[heap.name, count * 4096]]), mappings: 0, allocations: count };
    record(() => encodeGrant(out, lives.decided.slot, grant, () => 0));
    encodeTold(out, lives.decided.slot, { ...told, version: 1 }, () => 0, write);
    // The next version was cut off after its first record; what is told after that begins anew.
    const before = payloads.length;
    encodeTold(out, lives.decided.slot, { ...told, version: 2 }, () => 0, write);
    expect(payloads.length - before).toBe(2);
    payloads.pop();
    const target = {
      host: new Host({ limits: NO_LIMITS, heaps: [heap] }, { allocate: () => null }),
      settingsOf: () => ({ ...DECIDED, blobHeaps: new Map(), quota: NO_LIMITS }),
      heapProblem: () => null,
    };
    const story = replayJournal('test', payloads, target).vms;
    expect(
      story.map(({ problem, vm, accountsVersion }) => [problem, vm?.blobCount, accountsVersion]),
    ).toEqual([[null, count, 1]]);
    target.host.detach(DECIDED.name);
    encodeTold(out, lives.decided.slot, { ...told, blobs: [blobs[0]!], version: 2 }, () => 0, write);
    const longer = replayJournal('test', payloads, target).vms;
    expect(
      longer.map(({ problem, vm, accountsVersion }) => [problem, vm?.blobCount, accountsVersion]),
    ).toEqual([[null, 1, 2]]);
  });

  it('that cannot be written is removed, and comes back whole', async () => {
    // Its next file cannot be made where a directory is; and the file itself is full.
    const full = '/dev/full';
    expect(existsSync(full)).toBe(true);
    const append = FileJournal.prototype.append;
    let left = 1;
    FileJournal.prototype.append = function (this: FileJournal, payloads) {
      left -= 1;
      if (left === 0) throw new JournalError('FULL', 0, 'no space left');
      append.call(this, payloads);
    };
    try {
      await lives.take({ kind: 'acknowledge', vm: 0, through: 0 });
      for (const step of steps().slice(0, 8)) await lives.take(step);
    } finally {
      FileJournal.prototype.append = append;
    }
    expect(lives.journal.figures).toMatchObject({ isWhole: false, errors: 1, size: 0 });
    expect(existsSync(lives.path)).toBe(false);
    await until('the journal is whole', () => lives.journal.figures.isWhole);
    check(lives);
  });

  it('is bounded, whatever is done', async () => {
    await lives.end();
    lives = new Lives(20_000);
    let largest = 0;
    const create = {
      kind: 'create',
      resource: 1,
      context: 0,
      blobMem: 'host3d',
      flags: 1,
      blobId: 0,
      size: 4096,
    } as const;
    for (let round = 0; round < 3000; round += 1) {
      const { attached } = lives.actors[0]!;
      const first = attached.vm.lastNumber + 1;
      attached.vm.acknowledge(first - 1);
      await attached.run([
        { ...create, number: first },
        { kind: 'map', number: first + 1, resource: 1, offset: 0 },
        { kind: 'destroy', number: first + 2, resource: 1 },
      ]);
      if (round % 20 === 0) await turns(1);
      largest = Math.max(largest, statSync(lives.path).size);
    }
    expect(lives.journal.figures.snapshots).toBeGreaterThan(5);
    expect(lives.journal.figures.bytes).toBeGreaterThan(150_000);
    expect(largest).toBeLessThan(30_000);
    check(lives);
  });
});
