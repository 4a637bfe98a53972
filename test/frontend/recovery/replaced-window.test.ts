// A VM whose window became another one while its frontend was dead: the successor has the old one out of the store, and no map is answered
// before the guest sees the one that the broker's session has. Otherwise guest and broker would each have bytes of their own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import { stays, until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { Host } from './host.ts';
import { Workload } from './workload.ts';

const PAGE = 4096;
const TIMEOUT = 60_000;
const VM = 'replaced';
/** For a map to be answered that does not wait for its window, milliseconds. */
const LONG_ENOUGH = 1000;

let host: Host;
beforeAll(async () => {
  // Longer than anything here takes: a map that waits for its window is not given up meanwhile.
  host = new Host({ [VM]: 'window' }, 'answer_timeout: 30s, vmm_timeout: 5s');
  await host.startBroker();
}, TIMEOUT);
afterAll(() => host.close(), TIMEOUT);

describe('a window that was replaced while the frontend was dead', () => {
  it(
    'is what the guest sees before its map is answered, although the fd channel is away for a while',
    async () => {
      // Dies when it has heard of the new session, and before it has the window that came with it.
      const frontend = await host.startFrontend(VM, ['gpu.session-recorded:2']);
      const vmm = await Vmm.boot({
        socketPath: frontend.socketPath,
        memory: 64 * 1024 * 1024,
        answerTimeout: TIMEOUT,
      });
      try {
        await new Workload(vmm).begin();
        const before = shownBy(vmm);
        await host.loseBroker();
        await until('the loss is known', () => frontend.log.includes('has forgotten this session'));

        const answers: string[] = [];
        let mapped: Promise<unknown> | null = null;
        await host.withoutFdChannel(async () => {
          await vmm.rebind();
          await until('the successor has asked in vain', () => frontend.log.includes('asked for it again'));
          mapped = vmm.driver.createAndMap({ size: PAGE }).then(
            () => answers.push('mapped'),
            (error: unknown) => answers.push(String(error)),
          );
          await stays('the map is not answered', () => answers.length === 0, LONG_ENOUGH);
        });
        await mapped;

        expect(answers).toEqual(['mapped']);
        expect(frontend.kills).toBe(1);
        expect(shownBy(vmm)).toHaveLength(1);
        expect(shownBy(vmm)).not.toEqual(before);
        await vmm.rebind();
        await new Workload(vmm).run();
        await host.booksAre(VM, { allocations: 0, mappings: 0 });
      } catch (error) {
        throw new Error(`${String(error)}\n${frontend.log}`, { cause: error });
      } finally {
        vmm.close();
      }
    },
    TIMEOUT,
  );
});

/** The files that the guest sees in its window. */
function shownBy(vmm: Vmm): readonly bigint[] {
  return vmm.window.mappings.map(({ fd }) => fileIdentity(fd.number).ino);
}
