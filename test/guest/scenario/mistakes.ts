// A VM that is started wrongly: the frontend's log, the books and the metrics name the mistake and the argument of QEMU to change, and the end
// of such a VM is no trouble.
import { readFileSync } from 'node:fs';
import { VMM_PROBLEMS, VMM_STATES } from '../../../services/lib/rpc/vmm-names.ts';
import { untilPasses } from '../../support/until.ts';
import type { GuestEnvironment } from '../environment.ts';
import { patient } from '../patience.ts';
import { type GuestOptions, GuestStartError, startGuest } from '../qemu.ts';
import { type Check, CheckFailure, expectEqual, expectThat } from './check.ts';
import { type Host, MIB, VM, type VmName } from './host.ts';

export type Stage = { readonly host: Host; readonly environment: GuestEnvironment };

type Mistake = {
  readonly name: string;
  readonly what: string;
  readonly vm: VmName;
  /** What is wrong with the VM. */
  readonly options: Partial<Omit<GuestOptions, 'environment' | 'device'>>;
  readonly queues?: number;
  /** Commands for the guest, which fail, or are never answered. */
  readonly lines?: readonly string[];
  readonly state: string;
  readonly problem: string;
  /** What the message has to name. */
  readonly words: string;
};

/** A guest that hangs in the device does not answer; nobody waits for it. */
const GUEST_ANSWERS = patient(1000);
/** From the mistake's first sign to the warning: the longest patience of the frontend, and reports on their way. */
const NOTICED_WITHIN = patient(15_000);
const WARNING_OR_WORSE = /"level":"(warn|error|fatal)"/;

const MISTAKES: readonly Mistake[] = [
  {
    name: 'share-missing',
    what: 'memory without share=on: named, with the argument to change',
    vm: VM.WINDOW,
    options: { share: false },
    state: 'negotiated',
    problem: 'memory-not-shared',
    words: 'share=on',
  },
  {
    name: 'queue-too-few',
    what: 'num_vqs=1: named, with the argument to change',
    vm: VM.WINDOW,
    options: {},
    queues: 1,
    state: 'negotiated',
    problem: 'queue-count',
    words: 'num_vqs=2',
  },
  {
    name: 'queue-too-many',
    what: 'num_vqs=3, which QEMU does not survive: named all the same',
    vm: VM.WINDOW,
    options: {},
    queues: 3,
    state: 'absent',
    problem: 'queue-count',
    words: 'num_vqs=2',
  },
  {
    name: 'dimm-private',
    what: 'a DIMM without share=on: named, with the argument to change',
    vm: VM.WINDOW,
    options: {
      memory: 256 * MIB,
      // The guest puts it to use at once, and takes memory for rings and commands from there first.
      kernelArguments: ['memhp_default_state=online'],
      qemuArguments: [
        ...['-m', 'slots=2,maxmem=2G'],
        ...['-object', 'memory-backend-memfd,id=dimm,size=512M,share=off', '-device', 'pc-dimm,memdev=dimm'],
      ],
    },
    state: 'negotiated',
    problem: 'memory-out-of-reach',
    words: 'DIMM',
  },
  {
    name: 'window-too-large',
    what: 'a window that no BAR of the guest can hold: named, with what to do',
    vm: VM.VAST,
    options: {},
    lines: ['create a host3d 1 0 4096'],
    state: 'running',
    problem: 'window-unused',
    words: 'a BAR of 1TiB',
  },
];

export const MISTAKE_CHECKS: readonly Check<Stage>[] = MISTAKES.map((mistake) => ({
  name: mistake.name,
  what: mistake.what,
  limit: 120_000,
  run: (stage) => run(stage, mistake),
}));

async function run({ host, environment }: Stage, mistake: Mistake): Promise<string> {
  const { vm, options, queues, lines = [] } = mistake;
  const { service, socketPath } = await host.startFrontend(vm);
  const log = () => readFileSync(service.logPath, 'utf8');
  try {
    const device = { kind: 'vhost-user', socketPath, ...(queues !== undefined && { queues }) } as const;
    const guest = await startGuest({ ...options, environment, device }).catch((error: unknown) => {
      if (error instanceof GuestStartError) return null;
      throw error;
    });
    let mark = 0;
    try {
      for (const line of lines) await guest?.console.command(line, GUEST_ANSWERS).catch(() => undefined);
      await untilPasses('the mistake is named', () => expectNamed(host, log, mistake), {
        within: NOTICED_WITHIN,
      });
      mark = log().length;
    } finally {
      await guest?.stop();
    }
    await untilPasses('the end is logged', async () =>
      expectThat(log().includes('the connection to the VMM ended'), 'the end is not logged'),
    );
    const trouble = log()
      .slice(mark)
      .split('\n')
      .filter((line) => WARNING_OR_WORSE.test(line));
    expectEqual("warnings at the VMM's end", trouble.join('\n'), '');
    return mistake.problem;
  } finally {
    await service.stop();
  }
}

/** In the log, in the books, and on the page of the metrics. */
async function expectNamed(
  host: Host,
  log: () => string,
  { vm, state, problem, words }: Mistake,
): Promise<void> {
  const warning = log()
    .split('\n')
    .find((line) => line.includes('"level":"warn"') && line.includes(`"problem":"${problem}"`));
  expectThat(
    warning?.includes(words) === true,
    `the log should warn of ${problem} and name ${words}: ${warning ?? 'no warning'}`,
  );

  const { vmm } = await host.admin.getVm(vm);
  expectEqual("the VMM's state in the books", VMM_STATES.get(vmm?.state ?? 0), state);
  const told = vmm?.problems ?? [];
  expectEqual('problems in the books', told.map(({ kind }) => VMM_PROBLEMS.get(kind ?? 0)).join(), problem);
  if (!told[0]?.message?.includes(words))
    throw new CheckFailure(`the books should name ${words}: ${told[0]?.message}`);

  const page = await host.scrape();
  expectEqual('barkeep_vmm_problem', page.sum('barkeep_vmm_problem', { vm, problem }), 1);
  expectEqual('barkeep_vmm_problem, all kinds', page.sum('barkeep_vmm_problem', { vm }), 1);
  expectEqual('barkeep_vmm_state', page.sum('barkeep_vmm_state', { vm, state }), 1);
}
