// A guest's work with everything in it that a device has state for. It throws at the first answer, byte or uuid that is not as it has to be,
// so that a run with kills is either the same as one without, or fails.
import assert from 'node:assert/strict';
import { BLOB_FLAG, BLOB_MEM } from '../../../services/lib/wire/virtio-gpu.ts';
import { fillPattern, findMismatch } from '../../guest/pattern.ts';
import { type Blob, decodeAnswer, type GpuDriver } from '../../vmm/driver.ts';
import type { Vmm } from '../../vmm/vmm.ts';

const PAGE = 4096;
const SIZES = [PAGE, 3 * PAGE, 16 * PAGE, 2 * PAGE];

type Kept = { readonly blob: Blob & { offset: number }; readonly seed: bigint; readonly uuid: Buffer };

export class Workload {
  readonly #vmm: Vmm;
  #seed = 1n;
  #kept: Kept[] = [];
  #guestBlob = 0;
  #guestUuid: Buffer = Buffer.alloc(0);
  #context = 0;
  readonly #released: (() => Promise<void>) | null;

  /** `released`: waits until nothing is left of a driver that is gone; null where nothing tells of that. */
  constructor(vmm: Vmm, released: (() => Promise<void>) | null = null) {
    this.#vmm = vmm;
    this.#released = released;
  }

  /** Everything once. */
  async run(): Promise<void> {
    await this.begin();
    await this.cycle(3);
    await this.#stopAndContinue();
    await this.cycle(2);
    await this.#checkKept();
    await this.#rebind();
    await this.begin();
    await this.cycle(2);
    await this.end();
  }

  /** What lives long. */
  async begin(): Promise<void> {
    const { driver } = this;
    this.#context = await driver.createContext('recovery');
    for (let index = 0; index < 2; index += 1) {
      const seed = this.#newSeed();
      const blob = await driver.createAndMap({ size: 8 * PAGE, context: this.#context });
      this.#write(blob, seed);
      this.#kept.push({ blob, seed, uuid: Buffer.from(await driver.assignUuid(blob.resource)) });
    }
    this.#guestBlob = driver.newResource();
    const entries = [{ address: PAGE, length: PAGE }];
    const create = driver.createCommand(this.#guestBlob, {
      size: PAGE,
      memory: BLOB_MEM.GUEST,
      flags: BLOB_FLAG.USE_SHAREABLE,
      entries,
    });
    assert.equal((await driver.sendCommand(create)).name, 'OK_NODATA');
    this.#guestUuid = Buffer.from(await driver.assignUuid(this.#guestBlob));
  }

  /** Short-lived blobs, several at a kick, fences, refusals; and what lives long is still there. */
  async cycle(times: number): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) {
      await this.#blobs();
      await this.#fence(turn);
      await this.#refusals();
      await this.#checkKept();
    }
  }

  async end(): Promise<void> {
    const { driver } = this;
    await this.#checkKept();
    for (const { blob } of this.#kept) await driver.unmapAndUnref(blob);
    this.#kept = [];
    assert.equal((await driver.sendCommand(driver.unrefCommand(this.#guestBlob))).name, 'OK_NODATA');
    await driver.destroyContext(this.#context);
    const submitted = await driver.submit(this.#context);
    assert.equal(submitted.name, 'ERR_INVALID_CONTEXT_ID');
  }

  private get driver(): GpuDriver {
    return this.#vmm.driver;
  }

  #newSeed(): bigint {
    this.#seed += 1n;
    return this.#seed;
  }

  #write(blob: Blob & { offset: number }, seed: bigint): void {
    const bytes = Buffer.alloc(blob.size);
    assert.deepEqual(this.#vmm.window.read(blob.offset, blob.size), bytes, 'a fresh blob is not zero');
    fillPattern(bytes, seed);
    this.#vmm.window.write(blob.offset, bytes);
  }

  #check(blob: { readonly offset: number; readonly size: number }, seed: bigint): void {
    assert.equal(findMismatch(this.#vmm.window.read(blob.offset, blob.size), seed), null, 'wrong bytes');
  }

  async #checkKept(): Promise<void> {
    for (const { blob, seed, uuid } of this.#kept) {
      this.#check(blob, seed);
      assert.deepEqual(await this.driver.assignUuid(blob.resource), uuid, 'a blob has another uuid');
    }
    assert.deepEqual(await this.driver.assignUuid(this.#guestBlob), this.#guestUuid);
  }

  async #blobs(): Promise<void> {
    const { driver } = this;
    const planned = SIZES.map((size) => ({
      resource: driver.newResource(),
      size,
      offset: driver.offsets.take(size),
      cache: 0,
      seed: this.#newSeed(),
    }));
    const created = await driver.exchange(
      planned.flatMap(({ resource, size, offset }) => [
        driver.createCommand(resource, { size, context: this.#context }),
        driver.mapCommand(resource, offset),
      ]),
    );
    assert.deepEqual(
      created.map((bytes) => decodeAnswer(bytes).name),
      SIZES.flatMap(() => ['OK_NODATA', 'OK_MAP_INFO']),
    );
    for (const blob of planned) this.#write(blob, blob.seed);
    for (const blob of planned) await driver.attach(this.#context, blob.resource);
    const [moved, ...others] = planned;
    assert.ok(moved);
    // Unmapped, its content stays: at another place, while another blob has its own, it is the same.
    const before = moved.offset;
    await driver.unmapBlob(moved);
    const other = await driver.createAndMap({ size: moved.size, context: this.#context });
    assert.equal(other.offset, before);
    const otherSeed = this.#newSeed();
    this.#write(other, otherSeed);
    await driver.mapBlob(moved);
    assert.notEqual(moved.offset, before);
    this.#check(moved, moved.seed);
    this.#check(other, otherSeed);
    await driver.unmapAndUnref(other);
    await driver.unmapAndUnref(moved);
    for (const blob of others) this.#check(blob, blob.seed);
    const ended = await driver.exchange(
      others.flatMap(({ resource }) => [driver.unmapCommand(resource), driver.unrefCommand(resource)]),
    );
    assert.deepEqual(
      ended.map((bytes) => decodeAnswer(bytes).name),
      others.flatMap(() => ['OK_NODATA', 'OK_NODATA']),
    );
    for (const { offset, size } of others) driver.offsets.give(offset, size);
  }

  async #fence(ring: number): Promise<void> {
    const id = this.driver.newFence();
    const answer = await this.driver.submit(this.#context, new Uint8Array(), { id, ring });
    assert.deepEqual([answer.name, answer.header.fenceId, answer.header.ringIndex], ['OK_NODATA', id, ring]);
  }

  async #refusals(): Promise<void> {
    const { driver } = this;
    const unknown = driver.newResource();
    const [kept] = this.#kept;
    assert.ok(kept);
    const answers = await driver.exchange([
      driver.mapCommand(unknown, 0),
      driver.createCommand(kept.blob.resource, { size: PAGE }),
      driver.mapCommand(kept.blob.resource, kept.blob.offset),
    ]);
    assert.deepEqual(
      answers.map((bytes) => decodeAnswer(bytes).name),
      ['ERR_INVALID_RESOURCE_ID', 'ERR_INVALID_RESOURCE_ID', 'ERR_INVALID_PARAMETER'],
    );
  }

  async #stopAndContinue(): Promise<void> {
    await this.#vmm.pause();
    await this.#vmm.resume();
    await this.#checkKept();
  }

  /** The driver starts afresh: everything is gone. */
  async #rebind(): Promise<void> {
    await this.#vmm.unbind();
    await this.#released?.();
    await this.#vmm.bind();
    const [kept] = this.#kept;
    assert.ok(kept);
    const answer = await this.driver.sendCommand(this.driver.unrefCommand(kept.blob.resource));
    assert.equal(answer.name, 'ERR_INVALID_RESOURCE_ID');
    this.#kept = [];
  }
}
