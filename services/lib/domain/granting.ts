/** How much a VM is granted: what it needs if that can be had at all, and of what it would like no more than its share of the rest. */

import type { Grant, GrantedBooks } from './grant.ts';
import type { Heap } from './heap.ts';
import { type Account, QUOTA_KINDS, type QuotaKind } from './quota.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Amounts are absolute; `needed` without more than `wanted` of anything. */
export interface GrantRequest {
  /** What the VM would like to hold. Until it is answered, the VM uses no more than the lesser of this and what it has. */
  readonly wanted: Grant;
  /** What it cannot do without: a command waits for it. Never less than what is used. */
  readonly needed: Grant;
}

export interface GrantAnswer {
  readonly grant: Grant;
  /** Why `needed` is not in it: the grant is then what it was. */
  readonly refusal: Refusal | null;
}

/** Who else may want something of the rest. */
export interface Competition {
  readonly vm: string;
  readonly heaps: ReadonlyMap<string, Heap>;
  readonly host: Account;
  /** VMs that share heaps and host, this one among them. */
  readonly sharers: number;
}

type Share = { readonly floor: number; readonly needed: number; amount: number };

/** Changes nothing: GrantedBooks.set() does. */
export function answerRequest(books: GrantedBooks, request: GrantRequest, others: Competition): GrantAnswer {
  const { heaps, host, sharers } = others;
  const held = books.grant;
  const { used } = books;
  const shares = new Map<string, Share>();
  for (const [name, heap] of heaps) {
    const amounts = amountsOf(name, request, held, used);
    const available = heap.freeBytes + amounts.held;
    if (amounts.needed > available) return refused(books, heapFull(others, heap, amounts.needed, available));
    shares.set(name, shareOf(amounts, available, sharers));
  }
  const counts = { mappings: 0, allocations: 0 };
  for (const kind of ['mappings', 'allocations'] as const) {
    const amounts = {
      wanted: request.wanted[kind],
      needed: Math.max(request.needed[kind], used[kind]),
      held: held[kind],
    };
    const available = host.free(kind) + amounts.held;
    if (amounts.needed > available) return refused(books, hostFull(others, kind, amounts.needed, available));
    counts[kind] = shareOf(amounts, available, sharers).amount;
  }
  const problem = fitHost([...shares.values()], host.free('bytes') + sum(held.heaps.values()));
  if (problem !== null) return refused(books, hostFull(others, 'bytes', problem.needed, problem.available));
  const granted = [...shares].map(([name, { amount }]): [string, number] => [name, amount]);
  return { grant: { heaps: new Map(granted), ...counts }, refusal: null };
}

/** How much of what: `heap NAME`, bytes of the host, mappings, allocations. Nothing of 0. */
export type Shortages = ReadonlyMap<string, number>;

/** Why answerRequest() would refuse, with everything that is short; empty when it would not. */
export function shortagesOf(books: GrantedBooks, request: GrantRequest, others: Competition): Shortages {
  const { heaps, host } = others;
  const held = books.grant;
  const { used } = books;
  const short = new Map<string, number>();
  const note = (what: string, needed: number, available: number): void => {
    if (needed > available) short.set(what, needed - available);
  };
  let floors = 0;
  for (const [name, heap] of heaps) {
    const amounts = amountsOf(name, request, held, used);
    note(`heap ${name}`, amounts.needed, heap.freeBytes + amounts.held);
    floors += floorOf(amounts);
  }
  note('bytes', floors, host.free('bytes') + sum(held.heaps.values()));
  for (const kind of ['mappings', 'allocations'] as const) {
    note(kind, Math.max(request.needed[kind], used[kind]), host.free(kind) + held[kind]);
  }
  return short;
}

type Amounts = { readonly wanted: number; readonly needed: number; readonly held: number };

function amountsOf(heap: string, { wanted, needed }: GrantRequest, held: Grant, used: Grant): Amounts {
  return {
    wanted: wanted.heaps.get(heap) ?? 0,
    needed: Math.max(needed.heaps.get(heap) ?? 0, used.heaps.get(heap) ?? 0),
    held: held.heaps.get(heap) ?? 0,
  };
}

/** Half of what is left over is kept for those who come later, the other half is for all alike. What is held is not taken away here. */
function shareOf(amounts: Amounts, available: number, sharers: number): Share {
  const { wanted, needed } = amounts;
  const floor = floorOf(amounts);
  const spare = Math.floor((available - needed) / (2 * Math.max(1, sharers)));
  return { floor, needed, amount: Math.max(floor, Math.min(wanted, needed + spare)) };
}

function floorOf({ wanted, needed, held }: Amounts): number {
  return Math.max(needed, Math.min(held, wanted));
}

/** Cuts what is more than the floor until the host has room for it. @returns null, or what does not fit even so */
function fitHost(shares: readonly Share[], available: number): { needed: number; available: number } | null {
  const floors = shares.reduce((total, { floor }) => total + floor, 0);
  if (floors > available) return { needed: floors, available };
  let left = available - floors;
  for (const share of shares) {
    share.amount = Math.min(share.amount, share.floor + left);
    left -= share.amount - share.floor;
  }
  return null;
}

function sum(amounts: Iterable<number>): number {
  let total = 0;
  for (const amount of amounts) total += amount;
  return total;
}

function refused(books: GrantedBooks, refusal: Refusal): GrantAnswer {
  return { grant: books.grant, refusal };
}

function heapFull({ vm }: Competition, heap: Heap, needed: number, available: number): Refusal {
  const { name, capacity } = heap.settings;
  return refuse(
    'HEAP_CAPACITY',
    `VM ${vm} needs ${needed} bytes of heap ${name} in all, but ${available} are left for it: of ${capacity} ${heap.usedBytes} are used ` +
      `and ${heap.idleBytes} granted beyond that; destroy blobs, or use another heap`,
    { vm, heap: name, bytes: needed, available, used: heap.usedBytes, idle: heap.idleBytes, limit: capacity },
  );
}

function hostFull({ vm, host }: Competition, kind: QuotaKind, needed: number, available: number): Refusal {
  return refuse(
    'HOST_CAPACITY',
    `VM ${vm} needs ${needed} ${kind} in all, but ${available} are left for it: of the host's ${host.limits[kind]} ${host.used[kind]} are ` +
      `used and ${host.idle[kind]} granted beyond that; destroy blobs, or raise the host's limit`,
    { vm, kind, needed, available, used: host.used[kind], idle: host.idle[kind], limit: host.limits[kind] },
  );
}

/** Everything of one grant that is more than of another, as a list for logs; empty when it is within. */
export function excess(of: Grant, over: Grant): readonly string[] {
  const list = [...of.heaps].flatMap(([name, bytes]) => {
    const limit = over.heaps.get(name) ?? 0;
    return bytes > limit ? [`${bytes} bytes of heap ${name} where ${limit} are granted`] : [];
  });
  for (const kind of QUOTA_KINDS) {
    if (kind !== 'bytes' && of[kind] > over[kind])
      list.push(`${of[kind]} ${kind} where ${over[kind]} are granted`);
  }
  return list;
}
