// A guest that never stops asking, on a processor of its own: with each answer there is the next command, so its queue is never empty. Turns of the
// event loop are counted, and no time is measured.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Statistics } from '../../../services/frontend/statistics.ts';
import { CommandQueue, type LocalDecider } from '../../../services/frontend/virtio-gpu/command-queue.ts';
import { CONTROL_COMMANDS } from '../../../services/frontend/virtio-gpu/commands.ts';
import { Contexts } from '../../../services/frontend/virtio-gpu/contexts.ts';
import { MOST_CHAINS } from '../../../services/frontend/virtio-gpu/loop-share.ts';
import { Resources } from '../../../services/frontend/virtio-gpu/resources.ts';
import { createLogger } from '../../../services/lib/runtime/log.ts';
import type { Completion } from '../../../services/lib/vhost-user/virtqueue.ts';
import { turns, until } from '../../support/until.ts';
import { createBlob, ctxCreate, mapBlob, unmapBlob } from './commands.ts';
import { Bench, DONE, FakeQueue } from './fakes.ts';

const log = createLogger({ service: 'test', level: 'silent' });
/** Popped, decided, answered; and one batch more that was popped before the share was over. */
const MOST_A_TURN = 2 * MOST_CHAINS;

/** Filled up again by whoever is answered. */
class Flood extends FakeQueue {
  readonly #command: () => Uint8Array;
  isOver = false;

  constructor(command: () => Uint8Array, depth: number) {
    super();
    this.#command = command;
    for (let chain = 0; chain < depth; chain += 1) this.add(command());
  }

  override pushAll(completions: readonly Completion[]): void {
    super.pushAll(completions);
    if (this.answered > 100_000) throw new Error('the event loop was not given back');
    if (!this.isOver) for (const _ of completions) this.add(this.#command());
  }
}

function queueOf(queue: FakeQueue, decider: LocalDecider): CommandQueue {
  return new CommandQueue({
    queue,
    handlers: CONTROL_COMMANDS,
    state: {
      contexts: new Contexts(null),
      resources: new Resources(null),
      windowUse: { created: 0, mapsAsked: 0 },
      scanouts: 1,
    },
    decider,
    mapsEachBlob: () => false,
    keeper: null,
    statistics: new Statistics(),
    log,
  });
}

/** The VMM has no part in it. */
const inWindow: Pick<LocalDecider, 'takeOut' | 'putIn'> = {
  takeOut: () => Promise.resolve(new Set()),
  putIn: () => null,
};

const decidesAtOnce: LocalDecider = {
  ...inWindow,
  decide: () => DONE,
  decideSlowly: () => {
    throw new Error('nothing is slow');
  },
};

/** What has to wait for nothing real: a promise that is settled already. */
const decidesInMicrotasks: LocalDecider = {
  ...inWindow,
  decide: () => 'slow',
  decideSlowly: (_operation, _since, done) => void Promise.resolve(DONE).then(done),
};

/** Nobody asks it. */
const decidesNothing: LocalDecider = {
  ...inWindow,
  decide: () => {
    throw new Error('nothing is decided');
  },
  decideSlowly: () => {
    throw new Error('nothing is decided');
  },
};

const floods: readonly (readonly [string, LocalDecider])[] = [
  ['answered by the tables alone', decidesNothing],
  ['decided here', decidesAtOnce],
  ['decided after a wait that is none', decidesInMicrotasks],
];

describe.each(floods)('a flood of commands, %s', (_, decider) => {
  let resource = 1;
  const command = (): Uint8Array => (decider === decidesNothing ? ctxCreate(0) : createBlob(resource++));

  it('has its share of each turn, and goes on in the next', async () => {
    const flood = new Flood(command, 1024);
    const queue = queueOf(flood, decider);

    queue.kick();
    let before = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      await turns(1);
      const { answered } = flood;
      expect(answered).toBeGreaterThan(before);
      expect(answered - before).toBeLessThanOrEqual(MOST_A_TURN);
      before = answered;
    }
    queue.stop();
    const { answered } = flood;
    await turns(3);
    expect(flood.answered).toBe(answered);
  });

  it('that ends is answered to the last command', async () => {
    const flood = new Flood(command, 1000);
    flood.isOver = true;
    const queue = queueOf(flood, decider);

    queue.kick();
    // One more, while there is work.
    flood.add(command());
    queue.kick();
    await until('all are answered', () => flood.answered > 1000);

    expect(flood.heads).toEqual(Array.from({ length: 1001 }, (_, head) => head));
  });
});

describe('chains that are no commands', () => {
  it('are passed over in shares, too: what is behind them is answered', async () => {
    /** So many batches of them. */
    let malformed = 2000;
    const queue = new FakeQueue();
    const popAll = queue.popAll.bind(queue);
    queue.popAll = () => {
      if (malformed === 0) return popAll();
      malformed -= 1;
      return [];
    };
    Object.defineProperty(queue, 'isCut', { get: () => queue.inFlight === 0 });
    queue.add(ctxCreate(1));
    const commands = queueOf(queue, decidesNothing);

    commands.kick();
    expect(malformed).toBeGreaterThan(2000 - 2 * MOST_CHAINS);
    await until('all of them are passed over', () => queue.names.length > 0);

    expect(queue.names).toEqual(['OK_NODATA']);
  });
});

describe('two VMs in one process', () => {
  let hostile: Bench;
  let neighbour: Bench;
  beforeEach(() => {
    [hostile, neighbour] = [new Bench(), new Bench()];
    // Time counts here.
    vi.restoreAllMocks();
  });
  afterEach(() => {
    hostile.close();
    neighbour.close();
  });

  it('do not wait for each other: a flood of one leaves the other its maps, within a few turns each', async () => {
    const flood = new Flood(() => ctxCreate(0), 1024);
    hostile.vmm.queueStarted(flood);
    hostile.vmm.queueKicked(flood);
    await neighbour.run(createBlob(1), mapBlob(1, 0));

    for (let map = 0; map < 20; map += 1) {
      const before = flood.answered;
      neighbour.kick(map % 2 === 0 ? unmapBlob(1) : mapBlob(1, 0));
      await turns(4);
      expect(neighbour.queue.answers.length).toBe(map + 3);
      expect(flood.answered - before).toBeLessThanOrEqual(4 * MOST_A_TURN);
      expect(flood.answered).toBeGreaterThan(before);
    }
  });
});
