// A frontend that is stopped (SIGSTOP, a frozen container) for longer than its time-outs, and finds every answer in its sockets when it goes on.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBroker } from '../../services/broker/main.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { type Config, parseConfig } from '../../services/lib/runtime/config.ts';
import { whileStopped } from '../support/stand-still.ts';
import { pace, until } from '../support/until.ts';
import { Vmm, type VmmOptions } from '../vmm/vmm.ts';
import { FakeBroker } from './fake-broker.ts';

const CLI = resolve(import.meta.dirname, '../../dist/services/cli/main.js');
const MIB = 1024 * 1024;
const VM = 'each';
/** Long enough for a busy machine to come to the point at which the frontend is stopped. */
const LIMIT = 900;
const silent = pino({ level: 'silent' });

let directory: string;
let config: Config;
let log: string;
let cleanups: (() => Promise<void> | void)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-still-'));
  log = '';
  cleanups = [() => rmSync(directory, { recursive: true, force: true })];
  const text = `
run_directory: ${directory}
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 64MiB }
vms:
  - { name: ${VM}, window: 64MiB, placement: per-blob, heap: ram }
frontend: { answer_timeout: ${LIMIT}ms, vmm_timeout: ${LIMIT}ms }
`;
  writeFileSync(join(directory, 'config.yaml'), text);
  config = parseConfig(text, 'config.yaml', { environment: {} });
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** A process of its own. */
function frontend(): ChildProcess {
  const child = spawn(process.execPath, [CLI, 'frontend', '--vm', VM], {
    env: {
      ...process.env,
      BARKEEP_CONFIG: join(directory, 'config.yaml'),
      BARKEEP_LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  cleanups.push(() => void child.kill('SIGKILL'));
  return child;
}

async function boot(options: Partial<VmmOptions> = {}): Promise<Vmm> {
  await until('the frontend listens', () => log.includes('waiting for the VMM'), { found: () => log });
  const socketPath = join(directory, 'vms', VM, 'gpu.sock');
  const vmm = await Vmm.boot({ socketPath, memory: 64 * MIB, answerTimeout: 15_000, ...options });
  cleanups.push(() => vmm.close());
  return vmm;
}

describe('a frontend that stood still for longer than its time-outs', () => {
  it('takes what the broker has answered meanwhile', async () => {
    // The run directory and its secrets are a real broker's work.
    await (await startBroker(config, silent)).stop();
    const broker = new FakeBroker();
    broker.attached = {
      ...broker.attached,
      placement: barkeep.v1.Placement.PLACEMENT_PER_BLOB,
    };
    broker.shareWindow(join(directory, 'fd.sock'), 64 * MIB);
    await broker.listen(join(directory, 'broker.sock'));
    cleanups.push(() => broker.kill());
    const child = frontend();
    const vmm = await boot();
    const before = broker.grantRequests.length;
    const answer = vmm.driver.sendCommand(vmm.driver.createCommand(1, { size: 4096 }));
    await until('the broker is asked', () => broker.grantRequests.length > before);

    await whileStopped(child.pid as number, async () => {
      const { wanted, number } = broker.grantRequests.at(-1) ?? {};
      broker.streams.at(-1)?.write({ grant: { ...wanted, number: number ?? 0 } });
      await pace(1.5 * LIMIT);
    });

    expect((await answer).name).toBe('OK_NODATA');
    expect(broker.attaches).toHaveLength(1);
    expect(log).not.toContain('the broker is away');
  });

  it('takes what the VMM has answered meanwhile', async () => {
    const broker = await startBroker(config, silent);
    cleanups.push(() => broker.stop());
    const child = frontend();
    // The barrier is answered so much later than the map.
    const vmm = await boot({ commitDelay: LIMIT / 2 });
    const blob = await vmm.driver.createBlob({ size: 4096 });
    const answer = vmm.driver.sendCommand(vmm.driver.mapCommand(blob.resource, 0));
    await until('the VMM is asked', () => vmm.frontEnd.shmemChanges === 1);

    await whileStopped(child.pid as number, () => pace(1.8 * LIMIT));

    expect((await answer).name).toBe('OK_MAP_INFO');
    expect(log).not.toContain('the VMM does not answer');
  });
});
