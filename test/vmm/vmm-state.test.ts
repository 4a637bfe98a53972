// How far a VMM has come, as the books tell it: frontend and broker are the real ones, the VMM goes step by step.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { VMM_STATES } from '../../services/lib/rpc/vmm-names.ts';
import { until } from '../support/until.ts';
import { Installation } from './installation.ts';
import { Vmm } from './vmm.ts';

const MIB = 2 ** 20;

describe('the books', () => {
  let host: Installation;
  beforeAll(async () => {
    host = await Installation.start({ one: 'window: 64MiB, placement: window' });
  });
  afterAll(() => host.stop());

  async function told() {
    const { vmm } = await host.admin.getVm('one');
    return {
      state: VMM_STATES.get(vmm?.state ?? 0),
      queues: `${vmm?.runningQueues} of ${vmm?.queues}`,
      guest: countFromWire(vmm?.guestBytes),
      window: countFromWire(vmm?.windowBytes),
      problems: vmm?.problems?.length,
    };
  }

  const expectTold = (what: string, expected: object) =>
    until(`the books say that ${what}`, async () => {
      expect(await told()).toMatchObject({ ...expected, problems: 0 });
      return true;
    });

  it('tell each step of a VMM, and its end', async () => {
    await expectTold('nobody has come', { state: 'absent' });
    const vmm = await Vmm.realize({ socketPath: host.socketOf('one'), memory: 64 * MIB });
    await expectTold('features are agreed on', { state: 'negotiated', queues: '0 of 2' });
    await vmm.bind();
    await expectTold('a driver is at work', {
      state: 'running',
      queues: '2 of 2',
      guest: 64 * MIB,
      window: 0,
    });
    const blob = await vmm.driver.createAndMap({ size: 4096 });
    await expectTold('the guest sees its window', { state: 'running', window: 64 * MIB });
    await vmm.driver.unmapAndUnref(blob);
    await vmm.frontEnd.stop();
    await expectTold('the VM is paused', { state: 'stopped', queues: '0 of 2', guest: 64 * MIB });
    vmm.close();
    await expectTold('the VMM is gone', { state: 'absent' });
  });
});
