// Records the traffic of a real guest for test/guest/recorded: boots QEMU and Linux on a broker and a frontend of this process, with the
// recorder in between, and has the guest do a little of everything. Run it after a change of QEMU, of Linux, or of what is answered.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { requireEnvironment } from '../guest/environment.ts';
import { type Guest, startGuest } from '../guest/qemu.ts';
import { Installation } from './installation.ts';
import { Recorder } from './recorder.ts';
import { formatEntry, type RecordingEntry } from './recording.ts';

/** The window is as small as fits: the recording can be played to every VM with this one or a larger one. */
const WINDOW = '64MiB';
const MAPPABLE = 1;

/** What the guest does. Blob ids 0 to 2 exist in the demonstration's configuration too, so that it can be replayed there. */
const TOUR: readonly string[] = [
  'params',
  // One blob's life, and its content at two offsets.
  `create a host3d ${MAPPABLE} 0 4096`,
  'map a',
  'write64 a 0 0x1122334455667788',
  'unmap a',
  'map a',
  'close a',
  // Sizes and cache types.
  `create small host3d ${MAPPABLE} 1 4096`,
  `create large host3d ${MAPPABLE} 0 2M`,
  `create larger host3d ${MAPPABLE} 2 16M`,
  'map small',
  'map large',
  'map larger',
  'touch large',
  'close large',
  'close small',
  'close larger',
  // Blobs of the guest's own memory.
  `create own guest ${MAPPABLE} 0 8192`,
  'map own',
  'close own',
  `create both host3d-guest ${MAPPABLE} 0 8192`,
  'close both',
  // What is refused.
  `create unknown host3d ${MAPPABLE} 77 4096`,
  'close unknown',
  'create hidden host3d 2 0 4096',
  'close hidden',
  // Fences, on timelines of a context of its own.
  '@1 context-init rings=4',
  '@1 execbuf ring=1',
  '@1 execbuf ring=3 size=64',
  'execbuf count=3',
  // Many, and at the same time.
  'hold 40 4096',
  'hold-release',
  'cycles 1 25 4096',
  'cycles 4 10 4096',
];

async function tour(guest: Guest): Promise<void> {
  for (const line of TOUR) {
    const { ok, fields } = await guest.console.command(line, 60_000);
    console.error(`${ok ? 'ok   ' : 'error'} ${line} ${JSON.stringify(fields)}`);
  }
}

async function play(guest: Guest): Promise<void> {
  await tour(guest);
  await guest.console.expectOk(`create kept host3d ${MAPPABLE} 0 4096`);
  await guest.console.expectOk('map kept');
  await guest.qmp.execute('stop');
  await guest.qmp.execute('cont');
  await guest.console.expectOk('close kept');
  await guest.console.expectOk(`create lost host3d ${MAPPABLE} 0 4096`);
  await guest.console.expectOk('map lost');
  await guest.console.expectOk('rebind', 60_000);
  await guest.console.expectOk('cycles 1 5 4096', 60_000);
  await guest.console.expectOk('reboot');
  await guest.console.waitForBoot(2, 120_000);
  await guest.console.expectOk('cycles 1 5 4096', 60_000);
}

async function main(): Promise<void> {
  const { out } = new Command('record')
    .description('Records the traffic of a real guest.')
    .option('--out <file>', 'where to write it', 'test/guest/recorded/guest.jsonl')
    .parse(process.argv)
    .opts<{ out: string }>();
  const environment = requireEnvironment();
  const about: RecordingEntry = {
    kind: 'about',
    version: 1,
    vmm: `QEMU ${environment.qemuVersion}`,
    guest: `Linux ${environment.kernelRelease}`,
  };
  const entries: RecordingEntry[] = [about];
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-record-'));
  const host = await Installation.start({ guest: `window: ${WINDOW}, placement: window` });
  const listenPath = join(directory, 'gpu.sock');
  const recorder = new Recorder({
    listenPath,
    backEndPath: host.socketOf('guest'),
    onEntry: (entry) => entries.push(entry),
    onEnd: (reason) => console.error(reason),
  });
  try {
    const guest = await startGuest({ environment, device: { kind: 'vhost-user', socketPath: listenPath } });
    try {
      await play(guest);
    } catch (error) {
      console.error(guest.stderr());
      throw error;
    } finally {
      await guest.stop();
    }
  } finally {
    recorder.close();
    await host.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, entries.map(formatEntry).join(''));
  console.log(
    `${out}: ${entries.length} entries, ${entries.filter(({ kind }) => kind === 'command').length} commands`,
  );
}

await main();
