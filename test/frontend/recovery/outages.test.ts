// What makes recovery hard: commands that kill their handler, brokers that go silent or forget, and a store that gives back the wrong things.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { type Faults, Host, type KeptFrontend, type Placement } from './host.ts';
import { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;
const TIMEOUT = 120_000;
const ANSWER_TIMEOUT = 500;
const PLACEMENTS: readonly Placement[] = ['window', 'per-blob', 'own'];

let host: Host;
let vmms: Vmm[] = [];
beforeAll(async () => {
  const names = ['poison', 'finish', 'once', 'gone', 'gone-attached'];
  host = new Host(
    Object.fromEntries(PLACEMENTS.flatMap((kind) => names.map((name) => [`${name}-${kind}`, kind]))),
    `answer_timeout: ${ANSWER_TIMEOUT}ms, vmm_timeout: 5s`,
  );
  await host.startBroker();
}, TIMEOUT);
afterEach(() => {
  for (const vmm of vmms.splice(0)) vmm.close();
  vmms = [];
});
afterAll(() => host.close(), TIMEOUT);

async function start(vm: string, placement: Placement, faults: Faults): Promise<[KeptFrontend, Vmm]> {
  const frontend = await host.startFrontend(vm, faults);
  const vmm = await Vmm.boot({
    socketPath: frontend.socketPath,
    memory: 64 * MIB,
    answerTimeout: 15_000,
    flawless: placement !== 'window',
  });
  vmms.push(vmm);
  return [frontend, vmm];
}

async function allocations(vm: string): Promise<number> {
  return Number((await host.admin.getVm(vm)).allocations);
}

describe.each(PLACEMENTS)('in %s placement', (placement) => {
  // Each command is handled twice: when it is planned, and when it is answered.
  it.each([
    ['planned', 'poison', ['queue.handling:3', 'queue.handling:1']],
    ['answered', 'finish', ['queue.handling:4', 'queue.handling:2']],
  ] as const)(
    'a command that kills two frontends while it is %s is answered ERR_UNSPEC, once, and logged',
    async (_, name, faults) => {
      const [frontend, vmm] = await start(`${name}-${placement}`, placement, faults);
      await vmm.driver.createContext();
      const answer = await vmm.driver.sendCommand(vmm.driver.createCommand(9, { size: PAGE }));
      const next = await vmm.driver.sendCommand(vmm.driver.createCommand(10, { size: PAGE }));

      expect([answer.name, next.name]).toEqual(['ERR_UNSPEC', 'OK_NODATA']);
      expect(frontend.kills).toBe(2);
      expect(frontend.log.match(/ended this process twice/g)).toHaveLength(1);
      expect(frontend.log).toMatch(/"command":"RESOURCE_CREATE_BLOB","bytes":"0c010000/);
      await until('what it did is taken back', async () => (await allocations(`${name}-${placement}`)) === 1);
    },
    TIMEOUT,
  );

  it(
    'a command during which one frontend died is done by the next',
    async () => {
      const [, vmm] = await start(`once-${placement}`, placement, ['queue.handling:3']);
      await vmm.driver.createContext();

      const blob = await vmm.driver.createAndMap({ size: PAGE });

      vmm.window.write(blob.offset, Buffer.from('done'));
      await vmm.driver.unmapAndUnref(blob);
    },
    TIMEOUT,
  );
});

// Last: these lose every VM of the host's broker. A file that VMMs have mapped it would refuse then: what they have must not be given to others.
describe.each(
  PLACEMENTS.filter((placement) => placement !== 'own'),
)('a broker without memory, in %s placement', (placement) => {
  it.each([
    ['gone', 'gpu.session-gone:1'],
    ['gone-attached', 'gpu.session-recorded:2'],
  ])(
    'costs the guest its blobs, and after a reset everything works, whoever dies (%s)',
    async (name, fault) => {
      const vm = `${name}-${placement}`;
      const [frontend, vmm] = await start(vm, placement, [fault]);
      await new Workload(vmm).begin();

      await host.loseBroker();
      await until('the loss is known', () => frontend.log.includes('has forgotten this session'));
      const refused = await vmm.driver.sendCommand(vmm.driver.createCommand(77, { size: PAGE }));
      expect(refused.name).toBe('ERR_UNSPEC');
      await vmm.rebind();
      await until('the frontend died', () => frontend.kills === 1);
      await until(
        'a new session begins',
        async () => {
          const answer = await vmm.driver.sendCommand(vmm.driver.createCommand(78, { size: PAGE }));
          return answer.name === 'OK_NODATA';
        },
        { every: 50 },
      );
      await vmm.driver.sendCommand(vmm.driver.unrefCommand(78));
      const workload = new Workload(vmm);
      await workload.run();

      await host.booksAre(vm, { allocations: 0 });
    },
    TIMEOUT,
  );
});
