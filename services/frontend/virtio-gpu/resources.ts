// The guest's resources by id. Blobs of host memory live in the broker's books; here stands only that they exist, so that commands which
// need no broker can be answered. What the guest provides the memory for (2D resources, GUEST blobs) lives here alone.
//
// An id is unsettled from the moment that a create or destroy of it went to the broker until the answer is there: what depends on it waits.
import { randomBytes } from 'node:crypto';

export type Resource2d = {
  readonly kind: '2d';
  readonly width: number;
  readonly height: number;
  /** Bytes of guest memory behind it; null without backing. */
  backing: number | null;
  uuid: Uint8Array | null;
};
export type GuestBlob = {
  readonly kind: 'guest-blob';
  /** Bytes. */
  readonly size: number;
  backing: number | null;
  uuid: Uint8Array | null;
};
export type HostBlob = { readonly kind: 'host-blob'; uuid: Uint8Array | null };
export type Resource = Resource2d | GuestBlob | HostBlob;

/** Of 2D resources and GUEST blobs together, which no quota of the broker limits. About 30 MB of this process. */
export const MOST_LOCAL_RESOURCES = 262_144;

export class Resources {
  readonly #byId = new Map<number, Resource>();
  readonly #unsettled = new Set<number>();
  #local = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** No more 2D resources and GUEST blobs. */
  get isFull(): boolean {
    return this.#local >= MOST_LOCAL_RESOURCES;
  }

  /** Only meaningful while the id is not unsettled. */
  get(id: number): Resource | undefined {
    return this.#byId.get(id);
  }

  add(id: number, resource: Resource): void {
    this.delete(id);
    this.#byId.set(id, resource);
    if (resource.kind !== 'host-blob') this.#local += 1;
  }

  delete(id: number): void {
    const resource = this.#byId.get(id);
    if (!resource) return;
    this.#byId.delete(id);
    if (resource.kind !== 'host-blob') this.#local -= 1;
  }

  isUnsettled(id: number): boolean {
    return this.#unsettled.has(id);
  }

  unsettle(id: number): void {
    this.#unsettled.add(id);
  }

  /** Every answer is there. */
  settleAll(): void {
    this.#unsettled.clear();
  }

  clear(): void {
    this.#byId.clear();
    this.#unsettled.clear();
    this.#local = 0;
  }
}

/** The resource's UUID: random (RFC 9562, version 4), made when it is first asked for, the same ever after. 16 bytes. */
export function uuidOf(resource: Resource): Uint8Array {
  if (resource.uuid) return resource.uuid;
  const uuid = randomBytes(16);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x40, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  resource.uuid = uuid;
  return uuid;
}
