// `node dist/test/bench/broker-restart.js`: how long a broker with 1,000 VMs and 100,000 mappings is away when it is killed, and what that
// time consists of; and what journal and fd store cost while it runs: Session throughput with both against without, in one run.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { RawSession } from './raw-session.ts';
import { median } from './sample.ts';
import { measureThroughput } from './session-throughput.ts';

const { values: flags } = parseArgs({
  options: {
    vms: { type: 'string', default: '1000' },
    mappings: { type: 'string', default: '100' },
    kills: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '7' },
    milliseconds: { type: 'string', default: '1500' },
    json: { type: 'string' },
  },
});
const VMS = Number(flags.vms);
const MAPPINGS = Number(flags.mappings);
const BARKEEP = resolve(import.meta.dirname, '../../services/cli/main.js');
const PAGE = 4096;
const POLL = 2;

type Kept = { readonly directory: string; readonly keeper: ChildProcess; readonly config: string };

const directories: string[] = [];
const keepers: ChildProcess[] = [];

async function startKept(vms: readonly string[], journal: boolean): Promise<Kept> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-restart-'));
  directories.push(directory);
  const config = join(directory, 'barkeep.yaml');
  const list = vms.map((name) => `  - { name: ${name}, window: 1GiB, heap: ram }`).join('\n');
  writeFileSync(
    config,
    `run_directory: ${directory}/run\nlog_level: info\njournal: ${journal}\nheaps:\n` +
      `  - { name: ram, backing: memfd, cache: cached, capacity: 8GiB }\nvms:\n${list}\n`,
  );
  const broker = [process.execPath, BARKEEP, 'broker', '--config', config];
  const keeper = spawn(process.execPath, [BARKEEP, 'keep', '--', ...broker], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  keepers.push(keeper);
  keeper.stderr?.on('data', () => undefined);
  await until(() => existsSync(`${directory}/run/broker.sock`));
  await untilServing(`${directory}/run/admin.sock`);
  return { directory, keeper, config };
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((done) => setTimeout(done, POLL));
}

/** A new client for each try: one that failed waits before it connects again. */
async function untilServing(socket: string): Promise<void> {
  for (;;) {
    const admin = createAdminClient(socket);
    try {
      if (await admin.isServing(1000)) return;
    } catch {
      await new Promise((done) => setTimeout(done, POLL));
    } finally {
      admin.close();
    }
  }
}

function open({ directory }: Kept, vm: string): Promise<RawSession> {
  const secret = readFileSync(join(directory, 'run/vms', vm, 'secret'), 'utf8').trim();
  return RawSession.open(join(directory, 'run/broker.sock'), vm, secret);
}

async function fill(session: RawSession): Promise<void> {
  const operations = Array.from({ length: MAPPINGS }, (_, index) => [
    { create: { contextId: 1, resourceId: index + 1, memory: 2, flags: 1, blobId: 0, size: PAGE } },
    { map: { resourceId: index + 1, offset: index * 2 * PAGE } },
  ]).flat();
  for (let from = 0; from < operations.length; from += 1024) {
    const replies = await session.send(operations.slice(from, from + 1024));
    const bad = replies.find((reply) => reply.error);
    if (bad) throw new Error(`the broker refused a command: ${bad.error?.message}`);
  }
}

/** What the broker has used so far, milliseconds. proc(5): utime and stime, in ticks of 10 ms. */
function processorTime({ directory }: Kept): number {
  const stat = readFileSync(
    `/proc/${readFileSync(`${directory}/run/broker.lock`, 'utf8').trim()}/stat`,
    'latin1',
  );
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** How long a process takes that only loads what the broker loads, milliseconds. */
async function loadingTime(): Promise<number> {
  const start = performance.now();
  const main = resolve(import.meta.dirname, '../../services/broker/main.js');
  const child = spawn(process.execPath, ['-e', `import(${JSON.stringify(main)})`], { stdio: 'ignore' });
  await new Promise((done) => child.on('exit', done));
  return performance.now() - start;
}

const figures: Record<string, number> = {};
function tell(name: string, value: number, unit: string): void {
  figures[name] = value;
  console.log(`${name}: ${value.toFixed(value < 10 ? 3 : 0)} ${unit}`);
}

try {
  const names = Array.from({ length: VMS }, (_, index) => `vm-${index}`);
  const kept = await startKept(names, true);
  const sessions: RawSession[] = [];
  for (const name of names) {
    const session = await open(kept, name);
    sessions.push(session);
    await fill(session);
  }
  const admin = createAdminClient(`${kept.directory}/run/admin.sock`);
  const lock = `${kept.directory}/run/broker.lock`;
  const away: number[] = [];
  const replay: number[] = [];
  const processor: number[] = [];
  for (let kill = 0; kill < Number(flags.kills); kill += 1) {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (!(pid > 1)) throw new Error('no broker runs');
    const start = performance.now();
    process.kill(pid, 'SIGKILL');
    await until(() => Number(readFileSync(lock, 'utf8') || pid) !== pid);
    await untilServing(`${kept.directory}/run/admin.sock`);
    away.push(performance.now() - start);
    processor.push(processorTime(kept));
    const { recovery } = await admin.getStatistics();
    if (countFromWire(recovery?.vmsAdopted) !== VMS)
      throw new Error(`only ${recovery?.vmsAdopted} VMs were adopted`);
    replay.push((recovery?.seconds ?? 0) * 1000);
  }
  const used = (await admin.listVms()).reduce((sum, vm) => sum + countFromWire(vm.mappings), 0);
  if (used !== VMS * MAPPINGS) throw new Error(`${used} mappings are in the books`);
  const loading: number[] = [];
  for (let round = 0; round < 3; round += 1) loading.push(await loadingTime());
  console.log(`${VMS} VMs, ${VMS * MAPPINGS} mappings, ${flags.kills} kills`);
  tell('from kill -9 to serving again, median', median(away), 'ms');
  tell('from kill -9 to serving again, longest', Math.max(...away), 'ms');
  tell(
    'processor time of the successor until then, median (what is left when nothing else runs)',
    median(processor),
    'ms',
  );
  tell('of it: start of Node and loading of the program', median(loading), 'ms');
  tell('of it: journal read, VMs compared and adopted', median(replay), 'ms');
  tell('journal', statSync(`${kept.directory}/run/journal`).size, 'bytes');
  admin.close();
  for (const session of sessions) session.close();

  const [on, off] = [await startKept(['bench'], true), await startKept(['bench'], false)];
  const [withJournal, without] = [await open(on, 'bench'), await open(off, 'bench')];
  const ratios: number[] = [];
  const costs: [number, number] = [0, 0];
  let next = 1;
  for (let round = -1; round < Number(flags.rounds); round += 1) {
    const before = [processorTime(off), processorTime(on)] as const;
    const plain = await measureThroughput(without, Number(flags.milliseconds), next);
    const safe = await measureThroughput(withJournal, Number(flags.milliseconds), plain.next);
    next = Math.max(plain.next, safe.next);
    if (round < 0) continue;
    ratios.push(safe.commandsPerSecond / plain.commandsPerSecond);
    costs[0] += (processorTime(off) - before[0]) / plain.commandsPerSecond;
    costs[1] += (processorTime(on) - before[1]) / safe.commandsPerSecond;
  }
  tell('Session throughput with journal and store, against without (1 is as fast)', median(ratios), '');
  tell('processor time of the broker for a command, against without', costs[1] / costs[0], '');
  tell('journal after that', statSync(`${on.directory}/run/journal`).size, 'bytes');
  withJournal.close();
  without.close();
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  for (const keeper of keepers) {
    keeper.kill('SIGTERM');
    await new Promise((done) => keeper.on('exit', done));
  }
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}
