// Memory of their own for blobs of a VM whose frontend decides for it: made when it is asked for, named to nobody before it reads as zero and is
// written down, and erased when no blob has it any more.
//
//     asked --> charged, being made ready --> written down, named --> in a blob --> its blob is gone --> erased, back in its heap
//                        '--> settled meanwhile --------'--> settled, in no blob --------------------------^
//
// What a broker dies of while it is made ready was named to nobody: its successor knows nothing of it, and finds it among what belongs to no VM.
import type { Allocation } from '../lib/domain/allocation.ts';
import type { MemoryRequest } from '../lib/domain/memory-request.ts';
import type { Refusal } from '../lib/domain/refusal.ts';
import type { Vm } from '../lib/domain/vm.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import type { Heaps } from './heaps/heaps.ts';
import type { CommandLog } from './journal/journal.ts';

export type MemoryHeaps = Pick<Heaps, 'takePending' | 'release' | 'drop'>;

export class MadeMemory {
  readonly #vm: Vm;
  readonly #heaps: MemoryHeaps;
  readonly #log: CommandLog | null;
  /** By number: what is made ready at the moment. The promises do not reject. */
  readonly #making = new Map<number, Promise<Allocation | null>>();
  readonly #erasing = new Set<Promise<void>>();

  /** `heaps` are those that the books of `vm` take memory from. `log`: see AttachedVm. */
  constructor(vm: Vm, heaps: MemoryHeaps, log: CommandLog | null) {
    this.#vm = vm;
    this.#heaps = heaps;
    this.#log = log;
  }

  /** The books have memory that is not ready, and not written down. */
  get busy(): boolean {
    return this.#making.size > 0;
  }

  /** What can be in a blob: null for what there is not, and for what nobody was told of. */
  named(number: number): Allocation | null {
    return this.#making.has(number) ? null : this.#vm.memoryNumbered(number);
  }

  /**
   * Makes memory, or finds what has that number. Resolves with null when it was settled, or the VM given up, before it was ready.
   * Rejects with MemoryRequestError; then nothing is changed.
   */
  async request(request: MemoryRequest): Promise<Allocation | Refusal | null> {
    const before = this.#vm.memoryNumbered(request.number);
    const found = this.#vm.requestMemory(request);
    if ('reason' in found) return found;
    if (before !== null) return (await this.#making.get(request.number)) ?? this.named(request.number);
    const making = this.#make(found, this.#heaps.takePending());
    this.#making.set(request.number, making);
    return await making;
  }

  /** No blob has it any more: so it is in the journal. */
  release(allocation: Allocation): void {
    const erased = this.#erase(allocation, this.#making.get(allocation.number));
    this.#erasing.add(erased);
    void erased.then(() => this.#erasing.delete(erased));
  }

  /** Waits until nothing is under way. Never rejects. */
  async idle(): Promise<void> {
    while (this.#making.size + this.#erasing.size > 0) {
      await Promise.all([...this.#making.values(), ...this.#erasing]);
    }
  }

  async #make(allocation: Allocation, ready: Promise<unknown> | null): Promise<Allocation | null> {
    // Also where it is ready: it is not among what is being made before this returns.
    await ready;
    this.#making.delete(allocation.number);
    if (this.#vm.memoryNumbered(allocation.number) !== allocation) return null;
    faultPoint('broker.memory-made');
    this.#log?.madeMemory([allocation]);
    faultPoint('broker.memory-journalled');
    return allocation;
  }

  /** Memory that is not ready must not go back, or its next owner would see it being zeroed. */
  async #erase(allocation: Allocation, making: Promise<unknown> | undefined): Promise<void> {
    await making;
    await this.#heaps.release(allocation);
    faultPoint('broker.memory-erased');
    this.#heaps.drop(allocation);
  }
}
