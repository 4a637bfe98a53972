// Grants between the contract's messages and the domain's plain data.
import type { Grant } from '../../lib/domain/grant.ts';
import type { GrantAnswer, GrantRequest } from '../../lib/domain/granting.ts';
import type { Backing } from '../../lib/domain/heap.ts';
import type { Host } from '../../lib/domain/host.ts';
import type { MemoryRequest } from '../../lib/domain/memory-request.ts';
import { type Limits, UNLIMITED } from '../../lib/domain/quota.ts';
import type { Vm } from '../../lib/domain/vm.ts';
import { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { reasonNumber, StatusError } from '../../lib/rpc/status-error.ts';
import { countFromWire, toWire } from '../../lib/rpc/u64.ts';
import { heapsOfVm, usableHeaps } from '../followed-vm.ts';
import { WIRE_CACHE } from './command-codec.ts';

type WireAmounts = barkeep.v1.Amounts.$Properties;
const { Backing: WireBacking } = barkeep.v1;

export const WIRE_BACKING: Readonly<Record<Backing, barkeep.v1.Backing>> = {
  memfd: WireBacking.BACKING_MEMFD,
  hugetlb: WireBacking.BACKING_HUGETLB,
  file: WireBacking.BACKING_FILE,
};

/** What a VM asks for. Of what it wants it gets no more than its quota. @throws StatusError PROTOCOL */
export function decodeGrantRequest(
  { wanted, needed }: barkeep.v1.GrantRequest.$Properties,
  vm: Vm,
  host: Host,
): GrantRequest {
  const heaps = usableHeaps(vm.settings, host);
  const request = {
    wanted: decodeAmounts(wanted ?? {}, vm, heaps),
    needed: decodeAmounts(needed ?? {}, vm, heaps),
  };
  for (const name of request.needed.heaps.keys())
    checkNeeded(request, vm, `bytes of heap ${name}`, bytesOf(name));
  checkNeeded(request, vm, 'mappings', ({ mappings }) => mappings);
  checkNeeded(request, vm, 'allocations', ({ allocations }) => allocations);
  checkQuota(request.needed, vm);
  return { needed: request.needed, wanted: withinQuota(request.wanted, vm.quota) };
}

/** Memory that a VM asks for. @throws StatusError PROTOCOL */
export function decodeMemoryRequest(
  { number, heap, size }: barkeep.v1.MemoryRequest.$Properties,
  vm: Vm,
  host: Host,
): MemoryRequest {
  const asked = { number: countFromWire(number), heap: heap ?? '', size: countFromWire(size) };
  const usable = usableHeaps(vm.settings, host);
  if (usable.has(asked.heap) && asked.number > 0) return asked;
  const found =
    asked.number > 0
      ? `a heap that it cannot use; its heaps are ${[...usable].join(', ')}`
      : 'number 0; count from 1';
  throw new StatusError('PROTOCOL', `a request for memory of VM "${vm.name}" names ${found}`, {
    vm: vm.name,
  });
}

function bytesOf(heap: string): (grant: Grant) => number {
  return ({ heaps }) => heaps.get(heap) ?? 0;
}

function decodeAmounts(amounts: WireAmounts, vm: Vm, usable: ReadonlySet<string>): Grant {
  const heaps = new Map<string, number>();
  for (const { heap, bytes } of amounts.heaps ?? []) {
    const name = heap ?? '';
    if (!usable.has(name)) refuse(vm, `a heap that it cannot use; its heaps are ${[...usable].join(', ')}`);
    if (heaps.has(name)) refuse(vm, `heap ${name} twice; name it once`);
    heaps.set(name, countFromWire(bytes));
  }
  return {
    heaps,
    mappings: countFromWire(amounts.mappings),
    allocations: countFromWire(amounts.allocations),
  };
}

function checkNeeded(
  { wanted, needed }: GrantRequest,
  vm: Vm,
  what: string,
  amountOf: (grant: Grant) => number,
): void {
  if (amountOf(needed) <= amountOf(wanted)) return;
  refuse(
    vm,
    `${amountOf(needed)} ${what} that it needs, and ${amountOf(wanted)} that it wants; want what is needed`,
  );
}

/** What is in use already stays, even above it. */
function checkQuota(needed: Grant, vm: Vm): void {
  const bytes = [...needed.heaps.values()].reduce((total, amount) => total + amount, 0);
  const amounts: Limits = { bytes, mappings: needed.mappings, allocations: needed.allocations };
  for (const kind of ['bytes', 'mappings', 'allocations'] as const) {
    const limit = Math.max(vm.quota[kind], vm.used[kind]);
    if (amounts[kind] > limit) refuse(vm, `${amounts[kind]} ${kind}, where its quota is ${vm.quota[kind]}`);
  }
}

function withinQuota({ heaps, mappings, allocations }: Grant, quota: Limits): Grant {
  const limited = [...heaps].map(([name, bytes]): [string, number] => [name, Math.min(bytes, quota.bytes)]);
  return {
    heaps: new Map(limited),
    mappings: Math.min(mappings, quota.mappings),
    allocations: Math.min(allocations, quota.allocations),
  };
}

function refuse({ name }: Vm, found: string): never {
  throw new StatusError('PROTOCOL', `a request for a grant of VM "${name}" names ${found}`, { vm: name });
}

export function encodeGrant({ grant, refusal }: GrantAnswer): barkeep.v1.Grant.$Properties {
  const { heaps, mappings, allocations } = grant;
  return {
    heaps: [...heaps].flatMap(([heap, bytes]) => (bytes > 0 ? [{ heap, bytes }] : [])),
    mappings,
    allocations,
    ...(refusal !== null && { refusal: { reason: reasonNumber(refusal.reason), message: refusal.message } }),
  };
}

/** By what the VM's frontend decides. */
export function rulesView({ settings, quota }: Vm, { heaps }: Host): barkeep.v1.Rules.$Properties {
  const limit = (amount: number): number => (amount === UNLIMITED ? 0 : amount);
  return {
    quotaBytes: limit(quota.bytes),
    quotaMappings: limit(quota.mappings),
    quotaAllocations: limit(quota.allocations),
    defaultHeap: settings.defaultHeap,
    blobHeaps: [...settings.blobHeaps].map(([id, heap]) => ({ blobId: toWire(BigInt(id)), heap })),
    heaps: [...heapsOfVm(settings)].flatMap((name) => {
      const heap = heaps.get(name)?.settings;
      if (heap === undefined) return [];
      return [
        { name, backing: WIRE_BACKING[heap.backing], cache: WIRE_CACHE[heap.cache], granule: heap.granule },
      ];
    }),
    populate: settings.populate,
  };
}
