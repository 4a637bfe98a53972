// A named blob of the guest, from the host's side of the control port.
import { untilPasses } from '../../support/until.ts';
import { patient } from '../patience.ts';
import { guestSettled } from './books.ts';
import { expectEqual, expectThat } from './check.ts';
import type { Session } from './session.ts';

/** blob_flags of RESOURCE_CREATE_BLOB (virtio 1.3, 5.7.6.8). */
export const FLAG = { MAPPABLE: 1, SHAREABLE: 2 } as const;

export type BlobOptions = {
  readonly blobId?: number;
  readonly flags?: number;
};

// 64 MiB are 8 million words, each a few instructions under TCG.
const WALK_LIMIT = 60_000;

export class GuestBlob {
  readonly name: string;
  readonly resource: number;
  readonly size: number;
  readonly #session: Session;

  private constructor(session: Session, name: string, resource: number, size: number) {
    this.#session = session;
    this.name = name;
    this.resource = resource;
    this.size = size;
  }

  /** Creates a HOST3D blob; `size` in bytes. Rejects with GuestConsoleError. */
  static async create(
    session: Session,
    name: string,
    size: number,
    options: BlobOptions = {},
  ): Promise<GuestBlob> {
    const { blobId = 0, flags = FLAG.MAPPABLE } = options;
    const { resource } = await session.ask(`create ${name} host3d ${flags} ${blobId} ${size}`);
    return new GuestBlob(session, name, Number(resource), size);
  }

  static async createMapped(
    session: Session,
    name: string,
    size: number,
    options: BlobOptions = {},
  ): Promise<GuestBlob> {
    const blob = await GuestBlob.create(session, name, size, options);
    await blob.map();
    return blob;
  }

  async map(): Promise<void> {
    await this.#session.ask(`map ${this.name}`);
  }

  async unmap(): Promise<void> {
    await this.#session.ask(`unmap ${this.name}`);
  }

  async close(): Promise<void> {
    await this.#session.ask(`close ${this.name}`);
  }

  /** Writes the seed's pattern into every word. */
  async fill(seed: bigint): Promise<void> {
    await this.#session.ask(`fill ${this.name} ${seed}`, WALK_LIMIT);
  }

  /** Fails unless every word is of the seed's pattern. */
  async verify(seed: bigint): Promise<void> {
    this.#expectNoMismatch('filled with a pattern', await this.#walk(`verify ${this.name} ${seed}`));
  }

  /** Fails unless every word is zero. */
  async verifyZeros(): Promise<void> {
    this.#expectNoMismatch('fresh', await this.#walk(`zeros ${this.name}`));
  }

  #walk(line: string): Promise<Readonly<Record<string, string>>> {
    return this.#session.ask(line, WALK_LIMIT);
  }

  #expectNoMismatch(state: string, found: Readonly<Record<string, string>>): void {
    const where = found['offset'] === undefined ? '' : ` (first at ${found['offset']}: ${found['found']})`;
    expectEqual(
      `words of a ${state} blob of ${this.size} bytes that the guest sees wrong${where}`,
      Number(found['mismatches']),
      0,
    );
    expectEqual('words that the guest looked at', Number(found['words']), this.size / 8);
  }
}

/**
 * The device still does its work: a blob of 4 KiB lives its whole life. It is given back when this resolves, and so is what was closed before it:
 * the driver frees later, and who wants all of a window or of a quota next would find it taken.
 */
export async function expectUsable(session: Session): Promise<void> {
  const blob = await GuestBlob.createMapped(session, 'usable', 4096);
  await blob.fill(0x600dn);
  await blob.verify(0x600dn);
  await blob.close();
  await untilPasses(
    'the blob is given back',
    async () => {
      const live = (await session.host.admin.listAllocations(session.vm)).map(({ resourceId }) => resourceId);
      expectThat(
        !live.includes(blob.resource),
        `blob ${blob.resource} is not to be among ${live.join(', ')}`,
      );
    },
    { within: patient(20_000) },
  );
  await guestSettled(session);
}
