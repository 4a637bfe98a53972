// The recorder between the in-tree VMM and a back-end that does next to nothing; and the replay of what it recorded.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startBackendServer } from '../../services/lib/vhost-user/backend-server.ts';
import { answeringDevice, silent } from './answering-device.ts';
import { GpuDriver } from './driver.ts';
import { PLAIN_PROTOCOL_FEATURES } from './front-end.ts';
import { Recorder } from './recorder.ts';
import { conversation, formatEntry, type RecordingEntry, readRecording } from './recording.ts';
import { replayAlone } from './replay.ts';
import { Vmm, type VmmOptions } from './vmm.ts';

const MIB = 1024 * 1024;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function backEnd(answer: 'OK_NODATA' | 'ERR_UNSPEC'): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-recorder-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'gpu.sock');
  const server = await startBackendServer({ device: answeringDevice(answer), log: silent, listen: { path } });
  cleanups.push(() => server.close());
  return path;
}

async function record(options: Partial<VmmOptions> = {}): Promise<RecordingEntry[]> {
  const path = await backEnd('OK_NODATA');
  const entries: RecordingEntry[] = [{ kind: 'about', version: 1, vmm: 'in-tree', guest: 'in-tree' }];
  const recorder = new Recorder({
    listenPath: `${path}.recorded`,
    backEndPath: path,
    onEntry: (entry) => entries.push(entry),
  });
  cleanups.push(() => recorder.close());
  const vmm = await Vmm.boot({ socketPath: `${path}.recorded`, memory: 64 * MIB, ...options });
  cleanups.push(() => vmm.close());
  const context = await vmm.driver.createContext('recorded');
  await vmm.driver.exchange([
    vmm.driver.createCommand(1, { size: 4096, context }),
    vmm.driver.unmapCommand(1),
    vmm.driver.unrefCommand(1),
  ]);
  await vmm.pause();
  await vmm.resume();
  await vmm.driver.submit(context, Buffer.alloc(8), { id: 77, ring: 3 });
  await vmm.rebind();
  await vmm.driver.exchange([GpuDriver.command('MOVE_CURSOR', {}, CURSOR)], 1);
  return entries;
}
const CURSOR = { position: { scanoutId: 0, x: 1, y: 2 }, resourceId: 0, hotX: 0, hotY: 0 };

function save(entries: readonly RecordingEntry[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-recording-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'recording.jsonl');
  writeFileSync(path, entries.map(formatEntry).join(''));
  return path;
}

function commands(entries: readonly RecordingEntry[]): Extract<RecordingEntry, { kind: 'command' }>[] {
  return entries.flatMap((entry) => (entry.kind === 'command' ? [entry] : []));
}

it.each([
  ['memory slots', {}],
  ['plain memory tables', { protocolFeatures: PLAIN_PROTOCOL_FEATURES }],
  ['direct descriptors', { indirect: false }],
])('records requests, replies and kicks with %s', async (_, options) => {
  const entries = commands(await record(options));

  expect(entries.map(({ queue, kick }) => [queue, kick])).toEqual([
    [0, 1],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 3],
    [1, 4],
  ]);
  expect(entries.map(({ out }) => out.map((part) => part.length / 2))).toEqual([
    [96],
    [56],
    [32],
    [32],
    [32, 8],
    [56],
  ]);
  expect(entries[1]?.out[0]?.slice(0, 8)).toBe('0c010000');
  expect(entries[4]?.reply).toBe('0011000000000000' + '4d00000000000000' + '0100000000000000');
  expect(entries.map(({ room }) => room)).toEqual(new Array(6).fill([24]));
});

it('records how the VMM negotiates, stops and starts', async () => {
  const entries = await record();

  expect(conversation(entries).slice(0, 3)).toEqual([
    'GET_FEATURES',
    'GET_PROTOCOL_FEATURES',
    'SET_PROTOCOL_FEATURES',
  ]);
  expect(entries.find(({ kind }) => kind === 'device')).toMatchObject({ windowSize: 64 * MIB });
  expect(
    entries.flatMap((entry) => {
      if (entry.kind === 'start') return [entry.queues.map(({ base }) => base)];
      return entry.kind === 'stop' ? [entry.bases] : [];
    }),
  ).toEqual([
    [0, 0],
    [4, 0],
    [4, 0],
    [5, 0],
    [0, 0],
  ]);
});

it('replays what was recorded without a difference', async () => {
  const recording = readRecording(save(await record()));

  const report = await replayAlone(recording, { socketPath: await backEnd('OK_NODATA') });

  expect(report).toMatchObject({ commands: 6, kicks: 4, mismatches: [] });
});

it('says which command was answered otherwise', async () => {
  const recording = readRecording(save(await record()));

  const { mismatches } = await replayAlone(recording, { socketPath: await backEnd('ERR_UNSPEC') });

  expect(mismatches).toHaveLength(6);
  expect(mismatches[1]).toMatchObject({ command: 1, name: 'RESOURCE_CREATE_BLOB' });
  expect(mismatches[1]?.got.slice(0, 8)).toBe('00120000');
});

it('names the line of a recording that it cannot read', () => {
  const path = save([{ kind: 'about', version: 1, vmm: 'a', guest: 'b' }]);
  writeFileSync(path, '{"kind":"command","queue":-1}\n', { flag: 'a' });

  expect(() => readRecording(path)).toThrow(`${path}:2`);
});

it('leaves no descriptor behind', async () => {
  const before = readdirSync('/proc/self/fd').length;

  await record();
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();

  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
