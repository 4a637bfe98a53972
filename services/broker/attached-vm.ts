// One VM while somebody has it (attached, or orphaned): its books, its memory, and the order in which its batches are executed.
//
// A batch is applied command by command. What its commands ask of memory is collected and carried out at its end, in line when it is little
// (the usual case: run() then answers at once), otherwise off the event loop. Commands that move bytes are a barrier: memory is brought up
// to date before and by them, so that a failure can still be undone. Whatever comes while a batch is under way waits for its end.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command, Reply } from '../lib/domain/command.ts';
import type { CounterFigures } from '../lib/domain/counters.ts';
import type { Effect, Outcome } from '../lib/domain/effect.ts';
import type { Refusal } from '../lib/domain/refusal.ts';
import type { Vm } from '../lib/domain/vm.ts';
import { EffectExecutor } from '../lib/memory/effects.ts';
import type { WindowMemory } from '../lib/memory/window-memory.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import { StatusError } from '../lib/rpc/status-error.ts';
import type { FollowedVm } from './followed-vm.ts';
import type { Heaps } from './heaps/heaps.ts';
import type { CommandLog } from './journal/journal.ts';
import type { Abandoned } from './journal/record.ts';
import { shortJournal } from './short-journal.ts';

/** A VM may own 100,000 pieces of memory; to give so many of them back takes about a millisecond. */
const EFFECTS_PER_TURN = 64;

type Batch = {
  readonly commands: readonly Command[];
  readonly replies: Reply[];
  next: number;
  /** Commands before this one are in the journal. */
  saved: number;
  /** Indices of commands that only repeated an answer, or had no turn. */
  notExecuted: Set<number> | null;
  /** Since `saved`. */
  abandoned: Abandoned[];
};

export class AttachedVm {
  readonly vm: Vm;
  /** Null when each blob has memory of its own, and while the VM's frontend has it alone. */
  window: WindowMemory | null;
  /** Of a VM whose frontend decides for it: no command is executed here, and nothing of its memory is touched before its end. */
  readonly followed: FollowedVm | null;
  readonly #heaps: Heaps;
  #effects: EffectExecutor;
  readonly #log: CommandLog | null;
  /** The end of the batch that is under way, or of the last one that waits for it. */
  #tail: Promise<unknown> | null = null;
  #closed = false;
  readonly #settled: CounterFigures;
  /** What a sweep last found outside of blobs, bytes. */
  strayBytes = 0;

  /** `log` is where complete commands are written down before they are answered; null when nothing shall survive this process. */
  constructor(
    vm: Vm,
    window: WindowMemory | null,
    heaps: Heaps,
    log: CommandLog | null = null,
    followed: FollowedVm | null = null,
  ) {
    this.vm = vm;
    this.followed = followed;
    this.window = window;
    this.#heaps = heaps;
    this.#log = log;
    this.#settled = vm.counters.figures();
    this.#effects = new EffectExecutor(window, heaps, (resource, inode) => log?.stashed(resource, inode));
  }

  /** The VM's frontend has handed its window over. */
  takeWindow(window: WindowMemory): void {
    this.window = window;
    this.#effects = new EffectExecutor(window, this.#heaps);
  }

  /**
   * What the VM did, as far as it is certain: while a batch is under way, what there was before it. A map may still be undone for want of
   * memory, and a successor knows only of batches that came to their end; what was shown once must not be taken back.
   */
  get counted(): CounterFigures {
    return this.busy ? this.#settled : this.vm.counters;
  }

  /** True while memory is being worked on: the books are ahead of it. */
  get busy(): boolean {
    return this.#tail !== null;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Executes commands in order, and gives their answers in the same order once memory is as they say. Batches are executed in the order of
   * the calls. A promise rejects for a fault, after which the VM must be given up, and for a batch that waited when the VM was closed.
   */
  run(commands: readonly Command[]): Reply[] | Promise<Reply[]> {
    this.checkOpen('a command');
    const batch: Batch = {
      commands,
      replies: new Array<Reply>(commands.length),
      next: 0,
      saved: 0,
      notExecuted: null,
      abandoned: [],
    };
    if (this.#tail !== null) {
      return this.#track(
        this.#tail.then(
          () => this.#runLater(batch),
          () => this.#runLater(batch),
        ),
      );
    }
    this.vm.counters.copyTo(this.#settled);
    const rest = this.#advance(batch);
    return rest === null ? batch.replies : this.#track(rest.then(() => batch.replies));
  }

  /** @param what what came, for the error. @throws StatusError VM_NOT_ATTACHED when the VM is given up */
  checkOpen(what: string): void {
    if (!this.#closed) return;
    throw new StatusError(
      'VM_NOT_ATTACHED',
      `${what} for VM "${this.vm.name}" came, but the VM was given up meanwhile; attach it again`,
    );
  }

  /** @throws StatusError PROTOCOL when somebody else decides for the VM */
  checkDecidedHere(): void {
    if (this.followed === null) return;
    throw new StatusError(
      'PROTOCOL',
      `a command for VM "${this.vm.name}" came, but its session was begun with decides: tell accounts, or begin one without`,
      { vm: this.vm.name },
    );
  }

  /** New commands are refused, because the journal has no room for what they would leave. */
  get isOutOfRoom(): boolean {
    return this.#log?.isShort ?? false;
  }

  /** Waits until nothing is under way. Never rejects. */
  async idle(): Promise<void> {
    while (this.#tail !== null) await this.#tail.catch(() => undefined);
  }

  /**
   * Ends the VM once what is under way is done; nothing is executed any more. `leave` takes it out of the host's books, and says what is
   * left to do, which is done with `erase`: its memory reads as zero afterwards, in the VMM too, and is gone for good; without it a
   * successor may take it over. Never rejects: errors are given to `onError`, and what they leave is closed all the same.
   */
  async close(
    leave: () => readonly Effect[],
    erase: boolean,
    onError: (error: unknown) => void,
  ): Promise<void> {
    this.#closed = true;
    await this.idle();
    await this.followed?.memory.idle();
    try {
      const effects = leave();
      if (erase) await this.#erase(effects);
    } catch (error) {
      onError(error);
    }
    if (erase) this.window?.discard();
    else this.window?.close();
  }

  async #erase(effects: readonly Effect[]): Promise<void> {
    for (const [index, effect] of effects.entries()) {
      // The bytes of stashed blobs lie with the frontend that decides, and go with it.
      if (effect.kind === 'drop-stash' && this.followed !== null) continue;
      await this.#effects.carryOut(effect);
      if (index % EFFECTS_PER_TURN === EFFECTS_PER_TURN - 1) await nextTurn();
    }
    if (this.window !== null) await this.window.zero(0, this.window.size);
    faultPoint('broker.reclaim-erased');
    await this.#effects.finish();
  }

  async #runLater(batch: Batch): Promise<Reply[]> {
    this.checkOpen('a command');
    this.vm.counters.copyTo(this.#settled);
    await this.#advance(batch);
    return batch.replies;
  }

  #track(work: Promise<Reply[]>): Promise<Reply[]> {
    this.#tail = work;
    const done = (): void => {
      if (this.#tail === work) this.#tail = null;
    };
    work.then(done, done);
    return work;
  }

  /** Applies commands from batch.next on. Null when all is done; a promise of the end when something goes on off the event loop. */
  #advance(batch: Batch): Promise<void> | null {
    const { commands, replies } = batch;
    const { vm } = this;
    while (batch.next < commands.length) {
      const before = vm.lastNumber;
      const command = commands[batch.next]!;
      const outcome = vm.apply(command, this.#refusalOf(command));
      replies[batch.next] = outcome.reply;
      if (vm.lastNumber === before) {
        batch.notExecuted ??= new Set();
        batch.notExecuted.add(batch.next);
      }
      batch.next += 1;
      if (outcome.effects.length === 0) continue;
      const pause = outcome.barrier ? this.#barrier(batch, outcome) : this.#collect(batch, outcome);
      if (pause !== null) return pause.then(() => this.#advance(batch) ?? undefined);
    }
    const settled = this.#settle(batch);
    if (settled === null) return this.#save(batch, batch.next);
    return settled.then(() => this.#save(batch, batch.next) ?? undefined);
  }

  /** Why a command is not done that would leave more to write down than there is room for. */
  #refusalOf({ kind }: Command): Refusal | null {
    if ((kind !== 'create' && kind !== 'map') || !this.#log?.isShort) return null;
    return shortJournal(`a ${kind} of VM ${this.vm.name}`, this.vm.name);
  }

  /** Memory is as the commands before `to` say: writes them down, and gives back what they made free. */
  #save(batch: Batch, to: number): Promise<void> | null {
    if (this.#log !== null && batch.saved < to) {
      faultPoint('broker.effects-done');
      this.#log.executed(batch.commands, batch.replies, batch.saved, to, batch.notExecuted, batch.abandoned);
      faultPoint('broker.batch-journalled');
    }
    batch.saved = to;
    batch.abandoned = [];
    const finished = this.#effects.finish();
    faultPoint('broker.batch-finished');
    return finished;
  }

  #collect(batch: Batch, { reply, effects }: Outcome): Promise<void> | null {
    for (let index = 0; index < effects.length; index += 1) {
      const effect = effects[index]!;
      if (this.#effects.conflicts(effect)) {
        return this.#settle(batch, () => {
          for (const rest of effects.slice(index)) this.#effects.collect(rest, Number(reply.number));
        });
      }
      this.#effects.collect(effect, Number(reply.number));
    }
    return null;
  }

  /**
   * Brings memory up to date with the books: new memory made ready, collected effects carried out, and maps that got no pages undone
   * (their answers in `batch` change). `then` runs at the end.
   */
  #settle(batch: Batch, then?: () => void): Promise<void> | null {
    // In this order: memory that is not ready yet must not be released, or its next owner would see it being zeroed.
    const pending = this.#heaps.takePending();
    if (pending !== null) return pending.then(() => this.#settle(batch, then) ?? undefined);
    const flushed = this.#effects.flush();
    if (flushed !== null) {
      return flushed.then(() => {
        this.#abandonUnpopulated(batch);
        return this.#settle(batch, then) ?? undefined;
      });
    }
    then?.();
    return null;
  }

  #abandonUnpopulated(batch: Batch): void {
    for (const { number, cause } of this.#effects.takeFailed()) {
      const outcome = this.vm.abandonMap(number, 1, cause);
      if (outcome === null) continue;
      batch.abandoned.push({ number, completed: 1, cause, after: this.vm.lastNumber });
      replaceReply(batch, outcome.reply);
      for (const effect of outcome.effects) this.#effects.collect(effect, number);
    }
  }

  async #barrier(batch: Batch, { reply, effects }: Outcome): Promise<void> {
    await this.#settle(batch);
    // The moves below are written down one by one, so what they build on has to be there before them.
    await this.#save(batch, batch.next - 1);
    const stashes = effects.filter(({ kind }) => kind === 'stash').length;
    let completed = 0;
    try {
      for (const effect of effects) {
        await this.#effects.carryOut(effect);
        completed += 1;
      }
    } catch (error) {
      const cause = (error as Error).message;
      const outcome = this.vm.abandonMap(reply.number, completed, cause);
      if (outcome === null) throw error;
      // Whoever reads this later has done the complete stashes before the map, and will count without them.
      const number = Number(reply.number);
      batch.abandoned.push({
        number,
        completed: Math.max(0, completed - stashes),
        cause,
        after: this.vm.lastNumber,
      });
      replaceReply(batch, outcome.reply);
      for (const effect of outcome.effects) await this.#effects.carryOut(effect);
    }
  }
}

function replaceReply(batch: Batch, reply: Reply): void {
  const index = batch.replies.findIndex((other) => other !== undefined && other.number === reply.number);
  if (index >= 0) batch.replies[index] = reply;
}
