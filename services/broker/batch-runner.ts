// Runs batches for whoever has a VM, and keeps what is told about them: how long they took, and what happened.

import type { Command, Reply } from '../lib/domain/command.ts';
import type { Followed } from '../lib/domain/follow.ts';
import { DurationHistogram } from '../lib/runtime/duration-histogram.ts';
import type { AttachedVm } from './attached-vm.ts';
import type { Events } from './events.ts';
import type { FollowedVm } from './followed-vm.ts';
import type { GrantDesk } from './grants.ts';
import type { Told } from './told.ts';
import type { VmDirectory, VmEntry } from './vm-directory.ts';

export class BatchRunner {
  /** From a batch's arrival to its answers. */
  readonly durations = new DurationHistogram();
  readonly #directory: VmDirectory;
  readonly #events: Events;
  readonly #grants: GrantDesk;

  constructor(directory: VmDirectory, events: Events, grants: GrantDesk) {
    this.#directory = directory;
    this.#events = events;
    this.#grants = grants;
  }

  /**
   * Executes commands in order: see AttachedVm.run. After a fault the VM is given up; the error is thrown or rejected all the same.
   * The answers come at once unless memory has to be worked on for long.
   */
  run(entry: VmEntry, attached: AttachedVm, commands: readonly Command[]): Reply[] | Promise<Reply[]> {
    const start = performance.now();
    const before = attached.vm.lastNumber;
    let result: Reply[] | Promise<Reply[]>;
    try {
      result = attached.run(commands);
    } catch (error) {
      this.#failed(entry, attached, error);
      throw error;
    }
    if (Array.isArray(result)) {
      this.#done(entry, result, before, start);
      return result;
    }
    return result.then(
      (replies) => {
        this.#done(entry, replies, before, start);
        return replies;
      },
      (error: unknown) => {
        this.#failed(entry, attached, error);
        throw error;
      },
    );
  }

  /** Enters what a frontend that decides has told. @throws AccountsError; then nothing is changed */
  enter(followed: FollowedVm, told: Told): void {
    const happened = followed.enter(told);
    if (this.#events.watched) publishFollowed(this.#events, followed, happened);
    this.#grants.told(followed);
  }

  #done(entry: VmEntry, replies: readonly Reply[], before: number, start: number): void {
    this.durations.observe((performance.now() - start) / 1000);
    if (this.#events.watched) publishReplies(this.#events, entry.config.name, replies, before);
    // Its commands may have given back what others wait for.
    this.#grants.retry();
  }

  #failed(entry: VmEntry, attached: AttachedVm, error: unknown): void {
    // A batch that waited when its VM was closed failed for that reason, which is known already.
    if (!attached.closed) void this.#directory.giveUp(entry, error);
  }
}

/** Answers to numbers up to `before` were given earlier: nothing happened now. */
function publishReplies(events: Events, vm: string, replies: readonly Reply[], before: number): void {
  for (const reply of replies) {
    if (reply.result === 'refused') {
      const { reason, message } = reply.refusal;
      events.publish({ kind: 'refused', vm, operation: reply.kind, reason, message });
      continue;
    }
    if (reply.number <= before) continue;
    switch (reply.kind) {
      case 'create':
        events.publish({ kind: 'created', vm, resource: reply.resource, size: reply.size });
        break;
      case 'map': {
        const { resource, offset, size, cache } = reply;
        events.publish({ kind: 'mapped', vm, resource, offset, size, cache });
        break;
      }
      case 'unmap':
        if (reply.wasMapped) events.publish({ kind: 'unmapped', vm, resource: reply.resource });
        break;
      case 'destroy':
        events.publish({ kind: 'destroyed', vm, resource: reply.resource });
        break;
      case 'reset':
        events.publish({ kind: 'reset', vm, generation: reply.generation });
        break;
    }
  }
}

function publishFollowed(events: Events, { vm }: FollowedVm, happened: readonly Followed[]): void {
  const { name } = vm;
  for (const one of happened) {
    if (one.kind === 'reset') {
      events.publish({ kind: 'reset', vm: name, generation: vm.generation });
      continue;
    }
    if (one.kind === 'released') continue;
    const { resource, size, offset, heap } = one.blob;
    if (one.kind === 'created') events.publish({ kind: 'created', vm: name, resource, size });
    else if (one.kind !== 'mapped') events.publish({ kind: one.kind, vm: name, resource });
    else events.publish({ kind: 'mapped', vm: name, resource, offset, size, cache: heap.settings.cache });
  }
}
