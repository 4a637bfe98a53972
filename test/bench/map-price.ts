// `node dist/test/bench/map-price.js`: what it costs a guest that its device's processes may die: MAP_BLOB from the kick to the guest's
// interrupt, with journal, fd store and state files (everything under keepers) against without, sample by sample in turn.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Vmm } from '../vmm/vmm.ts';
import { median, quantile, spread } from './sample.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    samples: { type: 'string', default: '1500' },
    json: { type: 'string' },
  },
});
const ROUNDS = Number(flags.rounds);
const SAMPLES = Number(flags.samples);
const BARKEEP = resolve(import.meta.dirname, '../../services/cli/main.js');
const PLACEMENTS = ['window', 'per-blob'] as const;
const PAGE = 4096;
const LIMIT = 20_000;
const POLL = 20;

const cleanUps: (() => Promise<void> | void)[] = [];

async function startService(isSafe: boolean, args: readonly string[], socket: string): Promise<void> {
  const service = [process.execPath, BARKEEP, ...args];
  const [program = '', ...rest] = isSafe ? [process.execPath, BARKEEP, 'keep', '--', ...service] : service;
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  cleanUps.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const deadline = Date.now() + LIMIT;
  while (!existsSync(socket)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${args[0]} did not start`);
    await new Promise((wait) => setTimeout(wait, POLL));
  }
}

/** A guest for each placement, on a broker and frontends of their own. */
async function startHost(isSafe: boolean): Promise<Vmm[]> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-price-'));
  cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'run'));
  const config = join(directory, 'barkeep.yaml');
  const vms = PLACEMENTS.map((name) => `  - { name: ${name}, window: 1GiB, heap: ram, placement: ${name} }`);
  writeFileSync(
    config,
    `run_directory: ${directory}/run\nlog_level: warn\njournal: ${isSafe}\nheaps:\n` +
      `  - { name: ram, backing: memfd, cache: cached, capacity: 4GiB }\nvms:\n${vms.join('\n')}\n`,
  );
  await startService(isSafe, ['broker', '--config', config], join(directory, 'run/broker.sock'));
  const guests: Vmm[] = [];
  for (const vm of PLACEMENTS) {
    const socketPath = join(directory, `${vm}.sock`);
    await startService(
      isSafe,
      ['frontend', '--vm', vm, '--socket-path', socketPath, '--config', config],
      socketPath,
    );
    const guest = await Vmm.boot({ socketPath });
    cleanUps.push(() => guest.close());
    await guest.driver.createContext();
    guests.push(guest);
  }
  return guests;
}

/** Milliseconds. */
async function map({ driver }: Vmm): Promise<number> {
  const blob = await driver.createBlob({ size: PAGE });
  const { answer, nanoseconds } = await driver.measure(driver.mapCommand(blob.resource, 0), 'interrupt');
  if (answer.name !== 'OK_MAP_INFO') throw new Error(`MAP_BLOB was answered ${answer.name}`);
  await driver.exchange([driver.unmapCommand(blob.resource), driver.unrefCommand(blob.resource)]);
  return nanoseconds / 1e6;
}

const figures: Record<string, number> = {};
try {
  const [without, safe] = [await startHost(false), await startHost(true)];
  for (const [index, placement] of PLACEMENTS.entries()) {
    const sides = { without: without[index]!, safe: safe[index]! };
    const ratios: number[] = [];
    const medians: { without: number[]; safe: number[] } = { without: [], safe: [] };
    for (let round = -1; round < ROUNDS; round++) {
      const samples: { without: number[]; safe: number[] } = { without: [], safe: [] };
      for (let sample = 0; sample < SAMPLES; sample++) {
        samples.without.push(await map(sides.without));
        samples.safe.push(await map(sides.safe));
      }
      if (round < 0) continue; // both sides warm up
      const p50 = (side: 'without' | 'safe'): number =>
        quantile(
          samples[side].sort((a, b) => a - b),
          0.5,
        );
      medians.without.push(p50('without'));
      medians.safe.push(p50('safe'));
      ratios.push(p50('safe') / p50('without'));
    }
    const { min, max } = spread(ratios);
    const microseconds = (side: 'without' | 'safe'): string => (median(medians[side]) * 1000).toFixed(0);
    console.log(
      `MAP_BLOB p50, ${placement} placement, everything that survives a death on, against off: ` +
        `${median(ratios).toFixed(2)} (${microseconds('safe')} µs against ${microseconds('without')} µs; rounds ${min.toFixed(2)} to ${max.toFixed(2)}; goal at most 1.15)`,
    );
    figures[`map_${placement}`] = median(ratios);
  }
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}
