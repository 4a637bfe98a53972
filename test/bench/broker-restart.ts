// How long a broker with many VMs and mappings is away when it is killed, and what that time consists of.
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { until } from '../support/until.ts';
import { KeptHost } from './kept-host.ts';
import type { RawSession } from './raw-session.ts';
import { atMost, type Row } from './row.ts';
import { median, type Spread, spread } from './sample.ts';

const PAGE = 4096;
const POLL = 2;
/** Milliseconds, on a machine that is busy with other things too. */
const START_LIMIT = 20_000;
const MOST_COMMANDS = 1024;
const LOADINGS = 3;

/** Milliseconds and bytes. */
export type BrokerRestart = {
  /** From kill -9 to serving again. */
  readonly away: Spread;
  /** Of the successor until then: what is left when nothing else runs. */
  readonly processor: number;
  /** Of it: start of Node and loading of the program. */
  readonly loading: number;
  /** Of it: journal read, VMs compared and adopted. */
  readonly replay: number;
  readonly journalBytes: number;
};

const MOST_AWAY = 2000;

export async function brokerRestartRow(): Promise<Row> {
  const load = { vms: 1000, mappings: 100, kills: 5 };
  const { away, processor, loading, replay, journalBytes } = await measureBrokerRestart(load);
  const whole = (milliseconds: number): string => Math.round(milliseconds).toLocaleString('en');
  return atMost(
    MOST_AWAY,
    'Broker with 1,000 VMs and 100,000 mappings, from kill -9 to serving again',
    away.median,
    `${whole(away.median)} ms (at most ${whole(away.max)} ms; ${whole(processor)} ms of processor time, of it ${whole(loading)} ms ` +
      `start of Node and loading, ${whole(replay)} ms journal and adoption; journal of ${(journalBytes / 2 ** 20).toFixed(1)} MiB)`,
    { unit: 'ms', digits: 0 },
  );
}

/** `mappings`: of each VM. */
export async function measureBrokerRestart(load: {
  readonly vms: number;
  readonly mappings: number;
  readonly kills: number;
}): Promise<BrokerRestart> {
  const names = Array.from({ length: load.vms }, (_, index) => `vm-${index}`);
  const host = await KeptHost.start(
    true,
    names.map((name) => ({ name, placement: 'window' })),
  );
  const sessions: RawSession[] = [];
  const adminSocket = join(host.directory, 'run/admin.sock');
  const lock = join(host.directory, 'run/broker.lock');
  try {
    await untilServing(adminSocket);
    for (const name of names) {
      const session = await host.openSession(name);
      sessions.push(session);
      await fill(session, load.mappings);
    }
    const admin = createAdminClient(adminSocket);
    const away: number[] = [];
    const replay: number[] = [];
    const processor: number[] = [];
    for (let kill = 0; kill < load.kills; kill += 1) {
      const pid = Number(readFileSync(lock, 'utf8'));
      if (!(pid > 1)) throw new Error('no broker runs');
      const start = performance.now();
      process.kill(pid, 'SIGKILL');
      await until('another broker has the lock', () => Number(readFileSync(lock, 'utf8') || pid) !== pid, {
        every: POLL,
      });
      await untilServing(adminSocket);
      away.push(performance.now() - start);
      processor.push(host.brokerTime());
      const { recovery } = await admin.getStatistics();
      if (countFromWire(recovery?.vmsAdopted) !== load.vms)
        throw new Error(`only ${recovery?.vmsAdopted} VMs were adopted`);
      replay.push((recovery?.seconds ?? 0) * 1000);
    }
    const used = (await admin.listVms()).reduce((sum, vm) => sum + countFromWire(vm.mappings), 0);
    admin.close();
    if (used !== load.vms * load.mappings) throw new Error(`${used} mappings are in the books`);
    const loading: number[] = [];
    for (let round = 0; round < LOADINGS; round += 1) loading.push(await loadingTime());
    return {
      away: spread(away),
      processor: median(processor),
      loading: median(loading),
      replay: median(replay),
      journalBytes: statSync(join(host.directory, 'run/journal')).size,
    };
  } finally {
    for (const session of sessions) session.close();
    await host.stop();
  }
}

/** A new client for each try: one that failed waits before it connects again. `socket`: the admin's. */
export async function untilServing(socket: string): Promise<void> {
  const serves = async (): Promise<boolean> => {
    const admin = createAdminClient(socket);
    try {
      return await admin.isServing(1000);
    } finally {
      admin.close();
    }
  };
  await until('the broker serves', serves, { every: POLL, within: START_LIMIT });
}

async function fill(session: RawSession, mappings: number): Promise<void> {
  const operations = Array.from({ length: mappings }, (_, index) => [
    { create: { contextId: 1, resourceId: index + 1, memory: 2, flags: 1, blobId: 0, size: PAGE } },
    { map: { resourceId: index + 1, offset: index * 2 * PAGE } },
  ]).flat();
  for (let from = 0; from < operations.length; from += MOST_COMMANDS) {
    const replies = await session.send(operations.slice(from, from + MOST_COMMANDS));
    const bad = replies.find((reply) => reply.error);
    if (bad) throw new Error(`the broker refused a command: ${bad.error?.message}`);
  }
}

/** How long a process takes that only loads what the broker loads, milliseconds. */
async function loadingTime(): Promise<number> {
  const start = performance.now();
  const main = resolve(import.meta.dirname, '../../services/broker/main.js');
  const child = spawn(process.execPath, ['-e', `import(${JSON.stringify(main)})`], { stdio: 'ignore' });
  await new Promise((done) => child.on('exit', done));
  return performance.now() - start;
}
