// What a broker goes by while VMs of its predecessor live: its configuration, but for what cannot change under them. A guest has a window of one
// size in a BAR, and memory of one kind behind its blobs; a configuration that says something else waits.
//
//   VM     keeps its window, placement, heaps and user until it is reclaimed or attached afresh; then it is as configured, or gone
//   heap   keeps its backing, cache type and file as long as a VM of the predecessor uses it; then the broker gives way to a successor
import type { Config, HeapConfig, VmConfig } from '../lib/runtime/config.ts';
import {
  type Change,
  heapChanges,
  heapsOf,
  type VmTerms,
  vmChanges,
} from '../lib/runtime/config-difference.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import { decodeEntry, vmRecordIn } from './journal/decode.ts';
import { ENTRY, type HeapRecord, type VmRecord } from './journal/record.ts';

/** Something that waits, and what it waits for; `next` is null for what is not configured any more. */
export type Waiting<Settings> = { readonly next: Settings | null; readonly changes: readonly Change[] };

export type Terms = {
  /** What is in force. */
  readonly config: Config;
  /** By name. */
  readonly vms: ReadonlyMap<string, Waiting<VmConfig>>;
  readonly heaps: ReadonlyMap<string, Waiting<HeapConfig>>;
};

/** The records of a journal as a predecessor left them. Bytes that make no sense are left to the replay, which says so. */
export function termsOf(config: Config, payloads: readonly Uint8Array[]): Terms {
  let found: Living;
  try {
    found = living(payloads);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    found = { vms: [], heaps: [] };
  }
  const vms = waitingVms(config, found.vms);
  const heaps = waitingHeaps(config, found);
  return {
    config: {
      ...config,
      // VMs that were to survive the broker survive this one, too.
      journal: config.journal || found.vms.length > 0,
      vms: [
        ...config.vms.map((vm) => heldTo(vm, found.vms)),
        ...found.vms
          .filter(({ name }) => vms.get(name)?.next === null)
          .map((record) => formerVm(config.runDirectory, record)),
      ],
      heaps: [
        ...config.heaps.map((heap) =>
          heaps.has(heap.name) ? formerHeap(found.heaps, heap.name, heap) : heap,
        ),
        ...[...heaps]
          .filter(([, { next }]) => next === null)
          .map(([name]) => formerHeap(found.heaps, name, null)),
      ],
    },
    vms,
    heaps,
  };
}

type Living = { readonly vms: readonly VmRecord[]; readonly heaps: readonly HeapRecord[] };

/** The VMs that the journal has at its end. Only records of their coming and going are read. */
function living(payloads: readonly Uint8Array[]): Living {
  let heaps: readonly HeapRecord[] = [];
  const vms = new Map<number, VmRecord>();
  const kinds: ReadonlySet<number | undefined> = new Set([
    ENTRY.start,
    ENTRY.vm,
    ENTRY.attach,
    ENTRY.reclaim,
  ]);
  for (const payload of payloads) {
    if (!kinds.has(payload[0])) continue;
    if (payload[0] === ENTRY.vm) {
      const record = vmRecordIn(payload);
      vms.set(record.slot, record);
      continue;
    }
    const entry = decodeEntry(payload, heaps);
    if (entry.kind === 'start') heaps = entry.heaps;
    else if (entry.kind === 'reclaim') vms.delete(entry.slot);
    else if (entry.kind === 'attach') vms.set(entry.vm.slot, entry.vm);
  }
  return { heaps, vms: [...vms.values()] };
}

function waitingVms(config: Config, records: readonly VmRecord[]): Map<string, Waiting<VmConfig>> {
  const waiting = new Map<string, Waiting<VmConfig>>();
  for (const record of records) {
    const next = config.vms.find(({ name }) => name === record.name) ?? null;
    const changes = vmChanges(termsOfRecord(record), next);
    if (changes.length > 0) waiting.set(record.name, { next, changes });
  }
  return waiting;
}

function waitingHeaps(config: Config, { vms, heaps }: Living): Map<string, Waiting<HeapConfig>> {
  const used = new Set(vms.flatMap((record) => [...heapsOf(record)]));
  const waiting = new Map<string, Waiting<HeapConfig>>();
  for (const record of heaps) {
    if (!used.has(record.name)) continue;
    const next = config.heaps.find(({ name }) => name === record.name) ?? null;
    const changes = heapChanges({ ...record, path: record.path || null }, next);
    if (changes.length > 0) waiting.set(record.name, { next, changes });
  }
  return waiting;
}

function termsOfRecord(record: VmRecord): VmTerms {
  const { windowSize, placement, heap, blobHeaps, attachedBy, scanouts } = record;
  return { window: windowSize, placement, heap, blobHeaps, attachedBy, scanouts };
}

function heldTo(vm: VmConfig, records: readonly VmRecord[]): VmConfig {
  const record = records.find(({ name }) => name === vm.name);
  return record === undefined ? vm : { ...vm, ...termsOfRecord(record) };
}

function formerVm(runDirectory: string, record: VmRecord): VmConfig {
  const { name, quota } = record;
  return { name, ...termsOfRecord(record), quota, socket: runDirectoryPaths(runDirectory).vmSocket(name) };
}

/** Its capacity and prefault are no terms: as configured, where the heap is of one kind still. */
function formerHeap(records: readonly HeapRecord[], name: string, configured: HeapConfig | null): HeapConfig {
  const record = records.find((heap) => heap.name === name)!;
  const { backing, cache, path } = record;
  const { capacity, prefault } = configured?.backing === backing ? configured : record;
  return { name, backing, cache, path: path || null, capacity, prefault };
}
