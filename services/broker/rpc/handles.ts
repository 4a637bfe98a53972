// Handles of memory, as answers carry them: a one-time token for the fd channel, and where in the file the memory lies.

import type { Allocation } from '../../lib/domain/allocation.ts';
import type { Host } from '../../lib/domain/host.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { barkeep as messages } from '../../lib/rpc/gen/barkeep.js';
import type { Peer } from '../../lib/rpc/unix-server.ts';
import type { Heaps } from '../heaps/heaps.ts';
import type { MemorySource, Tokens } from '../tokens.ts';
import type { Attachment } from '../vm-directory.ts';
import type { MemoryHandle } from './command-codec.ts';
import { encodeGrant, rulesView } from './grant-codec.ts';

const { Placement } = messages.v1;

export class Handles {
  readonly #tokens: Tokens;
  readonly #heaps: Heaps;
  readonly #host: Host;
  readonly #version: string;

  constructor(tokens: Tokens, heaps: Heaps, host: Host, version: string) {
    this.#tokens = tokens;
    this.#heaps = heaps;
    this.#host = host;
    this.#version = version;
  }

  /** `owner` is the VM whose end makes the token void. */
  of(owner: string, peer: Peer, fdOffset: number, size: number, source: MemorySource): MemoryHandle {
    return { token: this.#tokens.issue(owner, peer, source), fdOffset, size };
  }

  ofAllocation(owner: string, peer: Peer, allocation: Allocation, size: number): MemoryHandle {
    return this.of(owner, peer, allocation.fdOffset, size, () => this.#heaps.open(allocation));
  }

  /** The answer to an attach, with the window's memory where blobs lie in it, and with what a caller needs who decides. */
  attached({ entry, attached, session, resumed }: Attachment, peer: Peer): barkeep.v1.Attached.$Properties {
    const { vm, window, followed } = attached;
    const { name, placement } = entry.config;
    const { wanted } = entry;
    const memory =
      window === null
        ? null
        : this.of(name, peer, 0, window.size, () =>
            window.open ? { fd: window.fd, fileSize: window.size } : null,
          );
    return {
      session,
      resumed,
      lastNumber: vm.lastNumber,
      generation: vm.generation,
      placement: placement === 'window' ? Placement.PLACEMENT_WINDOW : Placement.PLACEMENT_PER_BLOB,
      windowSize: entry.config.window,
      window: memory,
      brokerVersion: this.#version,
      scanouts: entry.config.scanouts,
      blobAlignment: vm.blobAlignment,
      knowsGrants: true,
      ...(wanted !== null && {
        windowWanted: { token: this.#tokens.want(name, peer, wanted.take), fdOffset: 0, size: wanted.size },
      }),
      ...(followed !== null && {
        grant: encodeGrant({ grant: followed.grant, refusal: null }),
        rules: rulesView(vm, this.#host),
        accountsVersion: followed.accountsVersion,
      }),
    };
  }
}
