// The guest's resources by id. Blobs of host memory live in the VM's accounts; here stands only that they exist, so that commands which need no
// decision can be answered. What the guest provides the memory for (2D resources, GUEST blobs) lives here alone.
import { randomBytes } from 'node:crypto';
import type { Changes } from '../state/changes.ts';
import type { Resource } from '../state/resource.ts';

/** Of 2D resources and GUEST blobs together, which no quota limits. About 30 MB of this process. */
export const MOST_LOCAL_RESOURCES = 262_144;

export class Resources {
  readonly #byId = new Map<number, Resource>();
  #local = 0;
  readonly #changes: Changes | null;

  constructor(changes: Changes | null = null) {
    this.#changes = changes;
  }

  get all(): ReadonlyMap<number, Resource> {
    return this.#byId;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** No more 2D resources and GUEST blobs. */
  get isFull(): boolean {
    return this.#local >= MOST_LOCAL_RESOURCES;
  }

  get(id: number): Resource | undefined {
    return this.#byId.get(id);
  }

  /** Takes the place of a resource of this id, if there is one. */
  add(id: number, resource: Resource): void {
    this.#set(id, resource);
    this.#changes?.add({ kind: 'resource', id, resource });
  }

  delete(id: number): void {
    if (!this.#byId.has(id)) return;
    this.#drop(id);
    this.#changes?.add({ kind: 'resource-gone', id });
  }

  /** A predecessor's. */
  restore(resources: ReadonlyMap<number, Resource>): void {
    for (const [id, resource] of resources) this.#set(id, resource);
  }

  clear(): void {
    this.#byId.clear();
    this.#local = 0;
  }

  #set(id: number, resource: Resource): void {
    this.#drop(id);
    this.#byId.set(id, resource);
    if (resource.kind !== 'host-blob') this.#local += 1;
  }

  #drop(id: number): void {
    const resource = this.#byId.get(id);
    if (!resource) return;
    this.#byId.delete(id);
    if (resource.kind !== 'host-blob') this.#local -= 1;
  }
}

/** A new UUID for a resource: random (RFC 9562, version 4). 16 bytes. */
export function newUuid(): Uint8Array {
  const uuid = randomBytes(16);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x40, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid;
}
