import { describe, expect, it } from 'vitest';
import type { WindowUse } from '../../services/frontend/virtio-gpu/command.ts';
import { VmmWatch } from '../../services/frontend/vmm-watch.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { VMM_PROBLEMS, VMM_STATES } from '../../services/lib/rpc/vmm-names.ts';
import { VhostUserError } from '../../services/lib/vhost-user/errors.ts';
import type { VmmFacts } from '../../services/lib/vhost-user/vmm-facts.ts';

const MIB = 2 ** 20;
const TIB = 2 ** 40;

/** A VM whose driver has just started the device. */
const WELL: VmmFacts = {
  peer: { pid: 42, uid: 0, gid: 0 },
  isNegotiated: true,
  hasDriver: true,
  namedQueues: 2,
  runningQueues: 2,
  stoppedQueues: 0,
  guestBytes: 512 * MIB,
  shownBytes: 0,
  outOfReach: { chains: 0, address: 0 },
  refusal: null,
};
const UNUSED: WindowUse = { created: 0, mapsAsked: 0 };

class Bench {
  readonly lines: { level: string; problem: string; message: string }[] = [];
  readonly watch: VmmWatch;
  connection = 1;
  use = UNUSED;
  now = 1000;

  constructor() {
    const write = (level: string) => (data: object, message: string) =>
      void this.lines.push({ level, problem: (data as { problem: string }).problem, message });
    const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
    this.watch = new VmmWatch({ queues: 2, windowSize: TIB }, log);
  }

  /** Looks after so many milliseconds; what the contract's message says afterwards. */
  see(facts: Partial<VmmFacts>, after = 0, isConnected = true) {
    this.now += after;
    this.watch.look(
      { isConnected, connection: this.connection, facts: { ...WELL, ...facts } },
      this.use,
      this.now,
    );
    const { state, problems } = this.watch.message();
    return [VMM_STATES.get(state ?? 0), ...(problems ?? []).map(({ kind }) => VMM_PROBLEMS.get(kind ?? 0))];
  }
}

describe('the state of a VMM', () => {
  it.each([
    ['connected', { isNegotiated: false, runningQueues: 0, namedQueues: 0, hasDriver: false, guestBytes: 0 }],
    ['negotiated', { runningQueues: 0, hasDriver: false, guestBytes: 0 }],
    ['running', {}],
    ['stopped', { runningQueues: 0, stoppedQueues: 2 }],
  ])('is %s, and no problem', (state, facts) => {
    expect(new Bench().see(facts)).toEqual([state]);
  });

  it('is absent before the first and after the last', () => {
    const bench = new Bench();
    expect(bench.watch.message().state).toBe(barkeep.v1.VmmState.VMM_STATE_ABSENT);
    expect(bench.watch.look(null, UNUSED, 0)).toBe(false);
    bench.see({});
    expect(bench.see({}, 0, false)).toEqual(['absent']);
  });

  it('says what runs, what is shared and what is seen', () => {
    const bench = new Bench();
    bench.see({ shownBytes: TIB, outOfReach: { chains: 0, address: 0 } });
    expect(bench.watch.message()).toMatchObject({
      pid: 42,
      queues: 2,
      runningQueues: 2,
      guestBytes: 512 * MIB,
      windowBytes: TIB,
    });
  });

  it('is news only when it changes', () => {
    const bench = new Bench();
    const look = (facts: VmmFacts) =>
      bench.watch.look({ isConnected: true, connection: 1, facts }, UNUSED, 1);
    expect([look(WELL), look(WELL), look({ ...WELL, shownBytes: TIB })]).toEqual([true, false, true]);
  });
});

describe('a mistake in how the VM was started', () => {
  const queueTooMany = new VhostUserError('NO_SUCH_QUEUE', 'refuse', 'there is no queue 2');
  const ringElsewhere = new VhostUserError('OUT_OF_REACH', 'refuse', 'the ring of queue 0 is at 0x1000');

  it.each([
    ['memory-not-shared', 'share=on', { runningQueues: 0, guestBytes: 0 }, UNUSED, 2000],
    ['memory-out-of-reach', '0x1000', { runningQueues: 0, refusal: ringElsewhere }, UNUSED, 0],
    ['memory-out-of-reach', '0x140000000', { outOfReach: { chains: 1, address: 0x1_4000_0000 } }, UNUSED, 0],
    ['queue-count', 'num_vqs=2', { runningQueues: 0, hasDriver: false, namedQueues: 1 }, UNUSED, 2000],
    ['queue-count', 'num_vqs=2', { runningQueues: 0, hasDriver: false, refusal: queueTooMany }, UNUSED, 0],
    ['window-unused', 'a BAR of 1TiB', {}, { created: 1, mapsAsked: 0 }, 3000],
  ])('is %s: it is logged once, with %s', (kind, words, facts: Partial<VmmFacts>, use, patience) => {
    const bench = new Bench();
    bench.use = use;
    if (patience > 0) {
      expect(bench.see(facts)).not.toContain(kind);
      expect(bench.see(facts, patience - 1)).not.toContain(kind);
    }
    expect(bench.see(facts, 1)).toContain(kind);
    expect(bench.see(facts, 60_000)).toContain(kind);
    expect(bench.lines).toEqual([{ level: 'warn', problem: kind, message: expect.stringContaining(words) }]);
    expect(bench.watch.message().problems?.[0]?.message).toBe(bench.lines[0]?.message);
  });

  it('stays known when the VMM is gone, until the next one comes', () => {
    const bench = new Bench();
    bench.see({ runningQueues: 0, refusal: queueTooMany }, 0, false);
    expect(bench.see({ runningQueues: 0, refusal: queueTooMany }, 5000, false)).toEqual([
      'absent',
      'queue-count',
    ]);
    bench.connection = 2;
    expect(bench.see({})).toEqual(['running']);
  });

  it('is over when it is over', () => {
    const bench = new Bench();
    bench.use = { created: 1, mapsAsked: 0 };
    bench.see({});
    expect(bench.see({}, 3000)).toEqual(['running', 'window-unused']);
    bench.use = { created: 2, mapsAsked: 1 };
    expect(bench.see({}, 1)).toEqual(['running']);
    expect(bench.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('is none when a VMM ends that was on its way', () => {
    const bench = new Bench();
    bench.see({ runningQueues: 0, guestBytes: 0 });
    expect(bench.see({ runningQueues: 0, guestBytes: 0 }, 60_000, false)).toEqual(['absent']);
    expect(bench.lines).toEqual([]);
  });
});
