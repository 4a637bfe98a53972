// The peer of the benchmarks ends with whoever started it: its X server and QEMU are nobody's children when that one is killed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { childrenOf, isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { cacheDirectory, findEnvironment, requireEnvironment } from './environment.ts';
import { fetchPeerRoot, peerLaunch } from './peer-root.ts';
import { startGuest } from './qemu.ts';

const absent = findEnvironment() === null || !existsSync(join(cacheDirectory(), 'peer-1/root'));
const BOOT_MS = 120_000;

describe.skipIf(absent)('the peer', () => {
  it('makes blobs by way of a renderer, and leaves nothing behind', { timeout: 2 * BOOT_MS }, async () => {
    const environment = requireEnvironment();
    const launch = peerLaunch(await fetchPeerRoot(), [dirname(environment.directory)]);
    const guest = await startGuest({
      environment,
      device: { kind: 'built-in-gl', launch },
      bootTimeoutMs: BOOT_MS,
    });
    try {
      const cycles = await guest.console.expectOk('cycles 1 20 4096 virgl=1 zeros=0', 60_000);
      expect(cycles).toMatchObject({ done: '20', failures: '0', lost: '0', faults: '0' });

      const [first = 0] = childrenOf(guest.pid);
      const inside = childrenOf(first);
      expect(inside.length).toBeGreaterThanOrEqual(2);
      process.kill(guest.pid, 'SIGKILL');
      await until('nothing is left of it', () => ![first, ...inside].some(isAlive));
    } finally {
      await guest.stop();
    }
  });
});
