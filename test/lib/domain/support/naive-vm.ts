/**
 * The rules of a VM said again in the plainest way: lists, linear scans, sums worked out anew each time.
 * It predicts each answer and the content of each blob; the real VM is compared with it.
 */

import type { Command, CreateCommand, MapCommand } from '../../../../services/lib/domain/command.ts';
import type { HeapSettings } from '../../../../services/lib/domain/heap.ts';
import { CACHE_TYPES } from '../../../../services/lib/domain/heap.ts';
import type { Limits } from '../../../../services/lib/domain/quota.ts';
import type { RefusalReason } from '../../../../services/lib/domain/refusal.ts';
import type { VmSettings } from '../../../../services/lib/domain/vm-settings.ts';

const PAGE = 4096;

export interface NaiveBlob {
  resource: number;
  size: number;
  charged: number;
  length: number;
  heap: HeapSettings;
  mappable: boolean;
  mapped: boolean;
  offset: number;
  /** What its pages hold, as the guest wrote them; undefined is zero. */
  content: (string | undefined)[];
}

export class NaiveHost {
  readonly limits: Limits;
  readonly heaps: readonly HeapSettings[];
  readonly vms: NaiveVm[] = [];

  constructor(limits: Limits, heaps: readonly HeapSettings[]) {
    this.limits = limits;
    this.heaps = heaps;
  }

  get used(): Limits {
    return sumUp(this.vms.flatMap((vm) => vm.blobs));
  }

  heapUsed(name: string): number {
    return sumUp(this.vms.flatMap((vm) => vm.blobs).filter((blob) => blob.heap.name === name)).bytes;
  }
}

export class NaiveVm {
  readonly settings: VmSettings;
  readonly #host: NaiveHost;
  blobs: NaiveBlob[] = [];
  generation = 1;

  constructor(settings: VmSettings, host: NaiveHost) {
    this.settings = settings;
    this.#host = host;
    host.vms.push(this);
  }

  get used(): Limits {
    return sumUp(this.blobs);
  }

  find(resource: number): NaiveBlob | undefined {
    return this.blobs.find((blob) => blob.resource === resource);
  }

  mappings(): Record<string, { count: number; bytes: number }> {
    return Object.fromEntries(
      CACHE_TYPES.map((cache) => {
        const mapped = this.blobs.filter((blob) => blob.mapped && blob.heap.cache === cache);
        return [cache, { count: mapped.length, bytes: mapped.reduce((sum, blob) => sum + blob.length, 0) }];
      }),
    );
  }

  /** Why the command has to be refused, or null. `exhausted`: the machine has no memory. */
  refusal(command: Command, exhausted: boolean): RefusalReason | null {
    if (command.kind === 'reset') {
      return null;
    }
    if (command.resource === 0) {
      return 'RESOURCE_ID_INVALID';
    }
    if (command.kind === 'create') {
      return this.#createRefusal(command, exhausted);
    }
    if (this.find(command.resource) === undefined) {
      return 'RESOURCE_UNKNOWN';
    }
    return command.kind === 'map' ? this.#mapRefusal(command) : null;
  }

  /** Carries out a command that is not refused. */
  commit(command: Command): void {
    const blob = command.kind === 'reset' ? undefined : this.find(command.resource);
    switch (command.kind) {
      case 'create':
        this.blobs.push(this.#made(command));
        return;
      case 'map':
        blob!.mapped = true;
        blob!.offset = Number(command.offset);
        return;
      case 'unmap':
        blob!.mapped = false;
        return;
      case 'destroy':
        this.blobs = this.blobs.filter((other) => other !== blob);
        return;
      case 'reset':
        this.blobs = [];
        this.generation += 1;
        return;
    }
  }

  #heapOf(command: CreateCommand): HeapSettings | undefined {
    const name =
      command.blobId === 0 ? this.settings.defaultHeap : this.settings.blobHeaps.get(String(command.blobId));
    return this.#host.heaps.find((heap) => heap.name === name);
  }

  #made(command: CreateCommand): NaiveBlob {
    const heap = this.#heapOf(command)!;
    const size = Number(command.size);
    return {
      resource: command.resource,
      size,
      charged: size,
      length: size,
      heap,
      mappable: command.flags % 2 === 1,
      mapped: false,
      offset: 0,
      content: new Array(size / PAGE).fill(undefined),
    };
  }

  #createRefusal(command: CreateCommand, exhausted: boolean): RefusalReason | null {
    const heap = this.#heapOf(command);
    const bytes = Number(command.size);
    const { used, settings } = this;
    const host = this.#host;
    const checks: [boolean, RefusalReason][] = [
      [this.find(command.resource) !== undefined, 'RESOURCE_ID_IN_USE'],
      [command.flags > 7, 'BLOB_FLAGS_INVALID'],
      [heap === undefined, 'BLOB_ID_UNKNOWN'],
      [settings.memory === 'window' && heap?.backing !== 'memfd', 'PLACEMENT_MISMATCH'],
      [command.size === 0 || BigInt(command.size) % BigInt(heap?.granule ?? 1) !== 0n, 'SIZE_INVALID'],
      [used.allocations + 1 > settings.quota.allocations, 'QUOTA_ALLOCATIONS'],
      [used.bytes + bytes > settings.quota.bytes, 'QUOTA_BYTES'],
      [heap !== undefined && host.heapUsed(heap.name) + bytes > heap.capacity, 'HEAP_CAPACITY'],
      [host.used.bytes + bytes > host.limits.bytes, 'HOST_CAPACITY'],
      [host.used.allocations + 1 > host.limits.allocations, 'HOST_CAPACITY'],
      [settings.memory === 'own' && exhausted, 'OUT_OF_MEMORY'],
    ];
    return first(checks);
  }

  #mapRefusal(command: MapCommand): RefusalReason | null {
    const blob = this.find(command.resource)!;
    const offset = BigInt(command.offset);
    const end = offset + BigInt(blob.length);
    const unit = blob.heap.granule;
    const { used, settings } = this;
    const host = this.#host;
    const checks: [boolean, RefusalReason][] = [
      [!blob.mappable, 'NOT_MAPPABLE'],
      [blob.mapped, 'ALREADY_MAPPED'],
      [offset % BigInt(unit) !== 0n, 'OFFSET_MISALIGNED'],
      [end > BigInt(settings.windowSize), 'OUTSIDE_WINDOW'],
      [
        this.blobs.some(
          (other) => other.mapped && other.offset < end && offset < other.offset + other.length,
        ),
        'OVERLAP',
      ],
      [used.mappings + 1 > settings.quota.mappings, 'QUOTA_MAPPINGS'],
      [host.used.mappings + 1 > host.limits.mappings, 'HOST_CAPACITY'],
    ];
    return first(checks);
  }
}

function first(checks: readonly [boolean, RefusalReason][]): RefusalReason | null {
  return checks.find(([applies]) => applies)?.[1] ?? null;
}

function sumUp(blobs: readonly NaiveBlob[]): Limits {
  return {
    bytes: blobs.reduce((sum, blob) => sum + blob.charged, 0),
    mappings: blobs.filter((blob) => blob.mapped).length,
    allocations: blobs.length,
  };
}
