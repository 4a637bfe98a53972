/**
 * A host with two VMs, the same host said naively, and memory that carries out the effects: every step is taken in
 * all of them, and afterwards they have to agree.
 */

import { expect } from 'vitest';
import type { Command } from '../../../../services/lib/domain/command.ts';
import type { Effect, Outcome } from '../../../../services/lib/domain/effect.ts';
import type { HeapSettings } from '../../../../services/lib/domain/heap.ts';
import { Host } from '../../../../services/lib/domain/host.ts';
import type { Limits } from '../../../../services/lib/domain/quota.ts';
import type { Vm } from '../../../../services/lib/domain/vm.ts';
import type { VmSettings } from '../../../../services/lib/domain/vm-settings.ts';
import { HeapMemory, VmMemory } from './memory.ts';
import { NaiveHost, NaiveVm } from './naive-vm.ts';

export const PAGE = 4096;
export const WINDOW_PAGES = 16;

/** Small enough that every limit is met: the sums of the quotas are above the host's limits and the heaps' capacities. */
export const HEAPS: readonly HeapSettings[] = [
  { name: 'ram', backing: 'memfd', cache: 'cached', capacity: 14 * PAGE, granule: PAGE },
  { name: 'combined', backing: 'memfd', cache: 'wc', capacity: 8 * PAGE, granule: 2 * PAGE },
  { name: 'bar', backing: 'file', cache: 'uncached', capacity: 8 * PAGE, granule: 2 * PAGE },
];
export const HOST_LIMITS: Limits = { bytes: 20 * PAGE, mappings: 3, allocations: 7 };
export const VMS: readonly VmSettings[] = [
  {
    name: 'desk',
    windowSize: WINDOW_PAGES * PAGE,
    memory: 'window',
    defaultHeap: 'ram',
    blobHeaps: new Map([
      ['1', 'combined'],
      ['2', 'bar'],
    ]),
    quota: { bytes: 14 * PAGE, mappings: 2, allocations: 5 },
    populate: true,
  },
  {
    name: 'lab',
    windowSize: WINDOW_PAGES * PAGE,
    memory: 'own',
    defaultHeap: 'ram',
    blobHeaps: new Map([
      ['1', 'combined'],
      ['2', 'bar'],
    ]),
    quota: { bytes: 12 * PAGE, mappings: 2, allocations: 4 },
    populate: false,
  },
];

/** A command without its number. */
export type Bare<C = Command> = C extends Command ? Omit<C, 'number'> : never;

export type Step =
  /**
   * `aim`: the command goes to a blob that can take it, if there is one, and not to the id it names.
   * `failAt`: when the command is a map with effects, the effect of that index (mod their number) fails.
   */
  | {
      kind: 'command';
      vm: number;
      command: Bare;
      aim: number | null;
      failAt: number | null;
      exhausted: boolean;
    }
  | { kind: 'repeat'; vm: number; back: number }
  | { kind: 'acknowledge'; vm: number; through: number }
  /** The guest writes into one page of a mapped blob. */
  | { kind: 'write'; vm: number; resource: number; page: number }
  /** The guest writes where nothing is, as far as its window reaches. */
  | { kind: 'stray'; vm: number; page: number }
  /** The broker punches what is free. */
  | { kind: 'sweep'; vm: number }
  | { kind: 'behalf'; vm: number; resource: number }
  | { kind: 'reattach'; vm: number };

interface Actor {
  vm: Vm;
  naive: NaiveVm;
  memory: VmMemory;
  /** By number - 1: the answers as they left, and how many of them are acknowledged. */
  answers: unknown[];
  acknowledged: number;
  number: number;
}

export class World {
  readonly heaps = new HeapMemory();
  readonly host = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, this.heaps);
  readonly naive = new NaiveHost(HOST_LIMITS, HEAPS);
  readonly actors: Actor[] = VMS.map((settings) => this.#actor(settings));
  /** What happened at all: reasons of refusals, effects that were carried out, effects that failed. */
  readonly seen = new Set<string>();
  #tags = 0;

  take(step: Step): void {
    const actor = this.actors[step.vm]!;
    switch (step.kind) {
      case 'command':
        this.#command(actor, aimed(actor, step.command, step.aim), step.failAt, step.exhausted);
        break;
      case 'repeat':
        this.#repeat(actor, step.back);
        break;
      case 'acknowledge':
        expect(actor.vm.acknowledge(Math.min(step.through, actor.number))).toBeNull();
        actor.acknowledged = Math.max(actor.acknowledged, Math.min(step.through, actor.number));
        break;
      case 'write':
        this.#write(actor, step.resource, step.page);
        break;
      case 'stray':
        this.#stray(actor, step.page * PAGE);
        break;
      case 'sweep':
        actor.memory.run([...actor.vm.freeExtents()].map((extent): Effect => ({ kind: 'zero', ...extent })));
        break;
      case 'behalf': {
        const blob = actor.naive.find(step.resource);
        expect(actor.vm.unmapOnBehalf(step.resource)).toBe(blob?.mapped === true);
        if (blob !== undefined) {
          blob.mapped = false;
        }
        break;
      }
      case 'reattach':
        this.#reattach(step.vm);
        break;
    }
    this.check();
  }

  /** Everything that has to hold between two steps. */
  check(): void {
    expect(this.host.used).toEqual(this.naive.used);
    for (const heap of this.host.heaps.values()) {
      expect(heap.usedBytes).toBe(this.naive.heapUsed(heap.settings.name));
    }
    for (const actor of this.actors) {
      checkBooks(actor);
      checkContent(actor, this.heaps);
    }
    const allocations = this.actors
      .flatMap(({ vm }) => [...vm.blobs()])
      .filter((blob) => blob.allocation !== null);
    expect(this.heaps.live.size).toBe(allocations.length);
  }

  #actor(settings: VmSettings): Actor {
    return {
      vm: this.host.attach(settings),
      naive: new NaiveVm(settings, this.naive),
      memory: new VmMemory(this.heaps),
      answers: [],
      acknowledged: 0,
      number: 0,
    };
  }

  #command(actor: Actor, bare: Bare, failAt: number | null, exhausted: boolean): void {
    const command = { ...bare, number: actor.number + 1 } as Command;
    const expected = actor.naive.refusal(command, exhausted);
    const before = stateOf(actor, this.host);
    this.heaps.exhausted = exhausted;
    const outcome = this.host.apply(actor.vm.name, command);
    this.heaps.exhausted = false;
    actor.number += 1;
    expect(outcome.reply).toMatchObject({ kind: command.kind, number: command.number });
    expect(outcome.reply.result === 'refused' ? outcome.reply.refusal.reason : null).toBe(expected);
    let answer: Outcome = outcome;
    for (const effect of outcome.effects) {
      this.seen.add(effect.kind);
    }
    if (expected !== null) {
      this.seen.add(expected);
      expect(outcome.effects).toEqual([]);
      expect(stateOf(actor, this.host)).toEqual(before);
    } else if (command.kind === 'map' && failAt !== null && outcome.effects.length > 0) {
      answer = this.#failedMap(actor, command.number as number, outcome, failAt % outcome.effects.length);
    } else {
      actor.memory.run(outcome.effects);
      actor.naive.commit(command);
    }
    // A reply can be written down and read again without loss.
    actor.answers.push(JSON.parse(JSON.stringify(answer.reply)));
  }

  #failedMap(actor: Actor, number: number, outcome: Outcome, completed: number): Outcome {
    actor.memory.run(outcome.effects.slice(0, completed));
    actor.memory.fail(outcome.effects[completed]!);
    this.seen.add(`failed ${outcome.effects[completed]!.kind}`);
    const abandoned = actor.vm.abandonMap(number, completed, 'no space left')!;
    expect(abandoned.reply).toMatchObject({ result: 'refused', refusal: { reason: 'OUT_OF_MEMORY' } });
    actor.memory.run(abandoned.effects);
    return abandoned;
  }

  #repeat(actor: Actor, back: number): void {
    const number = actor.number - (back % (actor.number - actor.acknowledged + 1));
    const before = stateOf(actor, this.host);
    const outcome = actor.vm.apply({ kind: 'reset', number });
    const forgotten = { result: 'refused', refusal: { reason: 'NUMBER_FORGOTTEN' } };
    expect(outcome.effects).toEqual([]);
    expect(outcome.reply).toMatchObject(
      number > actor.acknowledged ? (actor.answers[number - 1] as object) : forgotten,
    );
    expect(stateOf(actor, this.host)).toEqual(before);
  }

  #write(actor: Actor, resource: number, page: number): void {
    const blob = actor.naive.find(resource);
    if (blob === undefined || !blob.mapped) {
      return;
    }
    this.#tags += 1;
    const index = page % blob.content.length;
    const tag = `${actor.vm.name}/${resource}/${this.#tags}`;
    blob.content[index] = tag;
    const allocation = actor.vm.blob(resource)?.allocation ?? null;
    if (allocation === null) {
      actor.memory.window.set(blob.offset / PAGE + index, tag);
    } else {
      this.heaps.live.get(allocation.id)!.set(index, tag);
    }
  }

  #stray(actor: Actor, offset: number): void {
    const free = [...actor.vm.freeExtents()].some(
      (extent) => extent.offset <= offset && offset < extent.offset + extent.length,
    );
    if (free && actor.vm.settings.memory === 'window') {
      actor.memory.window.set(offset / PAGE, 'stray');
    }
  }

  /** The frontend leaves, and another comes for the same VM: nothing of the first may be left. */
  #reattach(index: number): void {
    const actor = this.actors[index]!;
    const effects = this.host.detach(actor.vm.name)!;
    for (const effect of effects) {
      this.seen.add(effect.kind);
    }
    actor.memory.run(effects);
    expect([...actor.memory.stashes.keys()]).toEqual([]);
    this.naive.vms.splice(this.naive.vms.indexOf(actor.naive), 1);
    this.actors[index] = this.#actor(actor.vm.settings);
  }
}

/** The command, sent to one of the blobs that can take it; a create, to an id that is free. */
function aimed({ naive }: Actor, bare: Bare, aim: number | null): Bare {
  const ids = [1, 2, 3, 4, 5, 6].filter((id) => {
    const blob = naive.find(id);
    return {
      create: blob === undefined,
      map: blob !== undefined && !blob.mapped,
      unmap: blob?.mapped === true,
      destroy: blob !== undefined,
      reset: false,
    }[bare.kind];
  });
  return bare.kind === 'reset' || aim === null || ids.length === 0
    ? bare
    : { ...bare, resource: ids[aim % ids.length]! };
}

/** All that a refused command must leave as it is. */
function stateOf({ vm }: Actor, host: Host): unknown {
  return structuredClone({
    window: vm.window,
    used: vm.used,
    blobs: [...vm.blobs()],
    placed: [...vm.placedBlobs()],
    free: [...vm.freeExtents()],
    generation: vm.generation,
    mappings: vm.counters.mappings,
    host: host.used,
    heaps: [...host.heaps.values()].map((heap) => [heap.usedBytes, heap.allocations]),
  });
}

function checkBooks({ vm, naive, number, acknowledged }: Actor): void {
  const mapped = naive.blobs.filter((blob) => blob.mapped);
  const placed = [...vm.placedBlobs()];
  const ranges = placed.map((blob) => blob.range!);
  expect(vm.used).toEqual(naive.used);
  expect(vm.generation).toBe(naive.generation);
  expect(vm.lastNumber).toBe(number);
  expect(vm.acknowledgedNumber).toBe(acknowledged);
  expect(vm.counters.mappings).toEqual(naive.mappings());
  expect([...vm.blobs()].map((blob) => [blob.resource, blob.size, blob.charged, blob.heap])).toEqual(
    naive.blobs.map((blob) => [blob.resource, blob.size, blob.charged, blob.heap.name]),
  );
  expect(
    placed
      .filter((blob) => blob.state === 'mapped')
      .map((blob) => [blob.resource, blob.range])
      .sort(byFirst),
  ).toEqual(
    mapped.map((blob) => [blob.resource, { offset: blob.offset, length: blob.length }]).sort(byFirst),
  );
  // In order and without overlap: occupied and free extents take turns and fill the window.
  const extents = [...ranges, ...vm.freeExtents()].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const extent of extents) {
    expect(extent.offset).toBe(end);
    end = extent.offset + extent.length;
  }
  expect(end).toBe(vm.settings.windowSize);
  const free = [...vm.freeExtents()].map((extent) => extent.length);
  const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);
  const mappedBytes = sum(mapped.map((blob) => blob.length));
  expect(vm.window).toEqual({
    size: vm.settings.windowSize,
    mappings: mapped.length,
    mappedBytes,
    parked: placed.length - mapped.length,
    parkedBytes: sum(ranges.map((range) => range.length)) - mappedBytes,
    freeBytes: sum(free),
    largestFree: Math.max(0, ...free),
    holes: free.length,
  });
}

/** Every blob has exactly the bytes that were written to it, wherever they lie now. */
function checkContent({ vm, naive, memory }: Actor, heaps: HeapMemory): void {
  const stashed = [...vm.blobs()].filter((blob) => blob.state === 'stashed').map((blob) => blob.resource);
  expect([...memory.stashes.keys()].sort()).toEqual(stashed.sort());
  for (const blob of naive.blobs) {
    const view = vm.blob(blob.resource)!;
    const found = {
      own: () => blob.content.map((_tag, page) => heaps.live.get(view.allocation!.id)!.get(page)),
      mapped: () => memory.read(view.range!.offset, view.range!.length),
      parked: () => memory.read(view.range!.offset, view.range!.length),
      stashed: () => memory.stashes.get(blob.resource),
      unmapped: () => new Array(blob.content.length).fill(undefined),
    }[view.allocation === null ? view.state : 'own']();
    expect(found).toEqual(blob.content);
  }
}

function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  return Number(a[0]) - Number(b[0]);
}
