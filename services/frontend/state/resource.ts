// A resource of the guest as the device's tables hold it, and as a successor finds it in the journal.

export type Resource2d = {
  readonly kind: '2d';
  readonly width: number;
  readonly height: number;
  /** Bytes of guest memory behind it; null without backing. */
  readonly backing: number | null;
  readonly uuid: Uint8Array | null;
};
export type GuestBlob = {
  readonly kind: 'guest-blob';
  /** Bytes. */
  readonly size: number;
  readonly backing: number | null;
  readonly uuid: Uint8Array | null;
};
export type HostBlob = {
  readonly kind: 'host-blob';
  /** Bytes. */
  readonly size: number;
  readonly uuid: Uint8Array | null;
};
export type Resource = Resource2d | GuestBlob | HostBlob;
