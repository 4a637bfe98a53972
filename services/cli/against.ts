// What a configuration would do to the broker that runs: told before it is in force, VM by VM and heap by heap.
import type { AdminHeap, AdminVm } from '../lib/rpc/admin-client.ts';
import type { BackingName, CacheName, Config, PlacementName, VmConfig } from '../lib/runtime/config.ts';
import {
  type Change,
  changesText,
  heapChanges,
  heapsOf,
  type VmTerms,
  vmChanges,
} from '../lib/runtime/config-difference.ts';
import type { SecretReader } from '../lib/runtime/run-directory.ts';
import { formatExactBytes } from '../lib/runtime/units.ts';
import { heapRecord, type JsonU64, vmRecord } from './records.ts';

export type Effect = {
  readonly kind: 'vm' | 'heap';
  readonly name: string;
  /** Of a VM, as the broker has it; "new" for what it does not have. */
  readonly state: string;
  readonly changes: readonly Change[];
  /** start: the next start of the broker takes it; attach: it waits until the VM is attached afresh; free: until no VM uses the heap. */
  readonly takenAt: 'start' | 'attach' | 'free';
};

export function effectsOf(config: Config, vms: readonly AdminVm[], heaps: readonly AdminHeap[]): Effect[] {
  const isHeld = (vm: AdminVm) => vmRecord(vm).state !== 'detached';
  const usedHeaps = new Set(vms.filter(isHeld).flatMap((vm) => [...heapsOf(termsOf(vm))]));
  return [
    ...vms.flatMap((vm) => vmEffects(config, vm)),
    ...newOnes('vm', config.vms, vms),
    ...heaps.flatMap((heap) => heapEffects(config, heap, usedHeaps.has(heap.name ?? ''))),
    ...newOnes('heap', config.heaps, heaps),
  ];
}

export function effectLines(runDirectory: string, effects: readonly Effect[]): string[] {
  if (effects.length === 0) return [`nothing in it is new to the broker of ${runDirectory}`];
  const when = {
    start: 'at the next start of the broker',
    attach: 'when it is attached afresh; until then it stays as it is',
    free: 'when no VM uses it any more; until then it stays as it is',
  };
  return [
    `what it changes for the broker of ${runDirectory}:`,
    ...effects.map(({ kind, name, state, changes, takenAt }) => {
      const what = state === 'new' ? 'new' : changesText(changes);
      const of = kind === 'vm' && state !== 'new' ? ` (${state})` : '';
      return `  ${kind === 'vm' ? 'VM' : 'heap'} ${name}${of}: ${what}, ${when[takenAt]}`;
    }),
  ];
}

function vmEffects(config: Config, vm: AdminVm): Effect[] {
  const { name, state, quota } = vmRecord(vm);
  const next = config.vms.find((configured) => configured.name === name) ?? null;
  const fixed = vmChanges(termsOf(vm), next);
  const limits = next === null ? [] : quotaChanges(quota, next.quota);
  return [
    effect('vm', name, state, fixed, state === 'detached' ? 'start' : 'attach'),
    effect('vm', name, state, limits, 'start'),
  ].flat();
}

function heapEffects(config: Config, heap: AdminHeap, isUsed: boolean): Effect[] {
  const { name, backing, cache, path, capacity } = heapRecord(heap);
  const next = config.heaps.find((configured) => configured.name === name) ?? null;
  const now = { backing: backing as BackingName, cache: cache as CacheName, path: path || null };
  const size =
    next === null || Number(capacity) === next.capacity
      ? []
      : [changed('capacity', formatExactBytes(Number(capacity)), formatExactBytes(next.capacity))];
  return [
    effect('heap', name, '', heapChanges(now, next), isUsed ? 'free' : 'start'),
    effect('heap', name, '', size, 'start'),
  ].flat();
}

function newOnes(
  kind: Effect['kind'],
  configured: readonly { readonly name: string }[],
  known: readonly { readonly name?: string | null }[],
): Effect[] {
  const names = new Set(known.map(({ name }) => name));
  return configured
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ kind, name, state: 'new', changes: [], takenAt: 'start' }));
}

function effect(
  kind: Effect['kind'],
  name: string,
  state: string,
  changes: readonly Change[],
  takenAt: Effect['takenAt'],
): Effect[] {
  return changes.length === 0 ? [] : [{ kind, name, state, changes, takenAt }];
}

function quotaChanges(
  now: { readonly bytes: JsonU64; readonly mappings: JsonU64; readonly allocations: JsonU64 },
  next: VmConfig['quota'],
): Change[] {
  return (['bytes', 'mappings', 'allocations'] as const).flatMap((kind) => {
    const [before, after] = [Number(now[kind]), next[kind]].map((limit) =>
      limit === 0 ? 'unlimited' : kind === 'bytes' ? formatExactBytes(limit) : String(limit),
    );
    return before === after ? [] : [changed(`quota.${kind}`, before ?? '', after ?? '')];
  });
}

function changed(setting: string, now: string, next: string): Change {
  return { setting, now, next };
}

function termsOf(vm: AdminVm): VmTerms {
  const { windowSize, placement, defaultHeap, blobHeaps, attachedBy, scanouts } = vmRecord(vm);
  return {
    window: Number(windowSize),
    placement: placement as PlacementName,
    heap: defaultHeap,
    blobHeaps: new Map(Object.entries(blobHeaps).map(([id, heap]) => [Number(id), heap])),
    attachedBy: readerOf(attachedBy),
    scanouts,
  };
}

/** proto: Vm.attached_by */
function readerOf(text: string): SecretReader {
  const [kind, number] = text.split(' ');
  return kind === 'group' ? { kind, gid: Number(number) } : { kind: 'user', uid: Number(number) };
}
