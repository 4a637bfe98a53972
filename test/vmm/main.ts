// Plays a guest from the command line: replays a recording, or lives a blob's life many times over. For demonstrations and for tests of
// whole installations, where QEMU is not at hand.
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { followLifeline } from '../../services/lib/runtime/lifeline.ts';
import { AnswerError, type Blob } from './driver.ts';
import { PLAIN_PROTOCOL_FEATURES } from './front-end.ts';
import { WindowFullError } from './offsets.ts';
import { type Recording, readRecording } from './recording.ts';
import { machineFor, replay } from './replay.ts';
import { Vmm } from './vmm.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;
/** What the mix asks for in turn: mostly small, sometimes large, as graphics stacks do. */
const SIZES = [PAGE, PAGE, 16 * PAGE, PAGE, 256 * PAGE, 16 * PAGE, PAGE, 2 * MIB];

/** Recorded from a real guest; the build copies it next to the compiled files. */
const OWN_RECORDING = fileURLToPath(new URL('../guest/recorded/guest.jsonl', import.meta.url));

type Options = {
  readonly socket: string;
  /** A file, or true for the recording that comes with Barkeep. */
  readonly replay?: string | true;
  readonly loop: boolean;
  readonly thenMix: boolean;
  readonly rate: number;
  readonly blobs: number;
  readonly blobIds: readonly number[];
  readonly seconds: number;
  readonly memory: number;
  readonly slots: boolean;
};

type Figures = { cycles: number; commands: number; refused: number; mismatches: number; live: number };

async function main(): Promise<void> {
  const options = parse(process.argv);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  // The terminal is gone: of no concern to a guest.
  process.on('SIGHUP', () => undefined);
  // Whoever had it started (`barkeep up --demo`) is gone: whatever it waits for, nobody wants it any more.
  followLifeline(process.env, () => process.exit(1));
  const timer = options.seconds > 0 ? setTimeout(() => stop.abort(), options.seconds * 1000) : null;
  const file = options.replay === true ? OWN_RECORDING : options.replay;
  const recording = file === undefined ? null : readRecording(file);
  const vmm = await Vmm.boot({
    socketPath: options.socket,
    memory: options.memory * MIB,
    ...(recording ? machineFor(recording) : {}),
    ...(options.slots ? {} : { protocolFeatures: PLAIN_PROTOCOL_FEATURES }),
  });
  void vmm.frontEnd.ended.then(() => stop.abort());
  const figures: Figures = { cycles: 0, commands: 0, refused: 0, mismatches: 0, live: 0 };
  const start = Date.now();
  try {
    if (recording) await playRecording(vmm, recording, options, figures, stop.signal);
    if (recording && options.thenMix && !stop.signal.aborted) {
      console.log(
        `replayed ${figures.commands} recorded commands of a real guest, ${figures.mismatches} answers differ`,
      );
      await vmm.reset();
    }
    if (!recording || options.thenMix) await playMix(vmm, options, figures, stop.signal);
  } finally {
    if (timer) clearTimeout(timer);
    const lost = !vmm.frontEnd.started;
    vmm.close();
    const seconds = (Date.now() - start) / 1000;
    console.log(summary(figures, seconds, lost));
    process.exitCode = lost || figures.mismatches > 0 ? 1 : 0;
  }
}

function parse(argv: readonly string[]): Options {
  const command = new Command('vmm')
    .description(
      'Plays a guest with a virtio-gpu device, without QEMU: against the socket of a running frontend.',
    )
    .option('--socket <path>', "the frontend's vhost-user socket")
    .addOption(new Option('--socket-path <path>', 'as back-end programs call it').hideHelp())
    .option(
      '--replay [file]',
      'replay recorded traffic (without a file: of the guest that comes with Barkeep) instead of the synthetic mix; exit 1 when a reply differs',
    )
    .option('--loop', 'replay again and again until the time is up or a signal comes', false)
    .option('--then-mix', 'after one replay, go on with the synthetic mix', false)
    .option('--rate <n>', 'blobs created a second, 0 for as many as possible', number, 50)
    .option('--blobs <n>', 'blobs alive at once', number, 64)
    .addOption(
      new Option(
        '--blob-ids <list>',
        "blob_ids to ask for in turn; which heap each names is in the VM's configuration",
      )
        .argParser((list: string) => list.split(',').map(number))
        .default([0], '0'),
    )
    .option('--seconds <n>', 'stop after this time, 0 for never', number, 0)
    .option('--memory <mib>', 'guest memory in MiB', number, 512)
    .option('--no-slots', 'negotiate without CONFIGURE_MEM_SLOTS, like a VMM that only knows SET_MEM_TABLE');
  const { socket, socketPath, ...others } = command.parse(argv).opts<Options & { socketPath?: string }>();
  const path = socket ?? socketPath;
  if (path === undefined) command.error('error: --socket is missing');
  return { ...others, socket: path };
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('a whole number from 0 up is needed');
  return value;
}

async function playRecording(
  vmm: Vmm,
  recording: Recording,
  options: Options,
  figures: Figures,
  stop: AbortSignal,
): Promise<void> {
  do {
    if (figures.cycles > 0) await vmm.reset();
    const report = await replay(vmm, recording);
    figures.cycles += 1;
    figures.commands += report.commands;
    figures.mismatches += report.mismatches.length;
    for (const mismatch of report.mismatches.slice(0, 10)) {
      console.error(
        `command ${mismatch.command} (${mismatch.name}): expected ${mismatch.expected}, got ${mismatch.got}`,
      );
    }
    await due(figures.cycles, options.rate, stop);
  } while (options.loop && !stop.aborted);
}

/** Creates and maps blobs of several sizes and heaps, writes to them, and lets the oldest go when enough are alive. */
async function playMix(vmm: Vmm, options: Options, figures: Figures, stop: AbortSignal): Promise<void> {
  const alive: Blob[] = [];
  const context = await vmm.driver.createContext('barkeep demonstration');
  while (!stop.aborted) {
    if (alive.length >= Math.max(options.blobs, 1)) await release(vmm, alive.shift()!, figures);
    try {
      const blob = await vmm.driver.createAndMap({
        context,
        size: SIZES[figures.cycles % SIZES.length]!,
        blobId: options.blobIds[figures.cycles % options.blobIds.length]!,
      });
      alive.push(blob);
      vmm.window.write(blob.offset, Buffer.from(`blob ${blob.resource}`));
    } catch (error) {
      if (!(error instanceof AnswerError || error instanceof WindowFullError)) throw error;
      figures.refused += 1; // a quota or a full window: what a guest would see as an errno, and go on
      const oldest = alive.shift();
      if (oldest) await release(vmm, oldest, figures);
    }
    figures.cycles += 1;
    figures.commands += 2;
    figures.live = alive.length;
    await due(figures.cycles, options.rate, stop);
  }
  if (!vmm.frontEnd.started) return;
  for (const blob of alive.splice(0)) await release(vmm, blob, figures);
  await vmm.driver.destroyContext(context);
}

async function release(vmm: Vmm, blob: Blob, figures: Figures): Promise<void> {
  await vmm.driver.unmapAndUnref(blob);
  figures.commands += 2;
}

const began = Date.now();

/** Waits until step `done` is due at `rate` a second; at least for one turn of the loop, so that signals are heard. */
async function due(done: number, rate: number, stop: AbortSignal): Promise<void> {
  const wait = rate === 0 ? 0 : began + (done * 1000) / rate - Date.now();
  if (wait <= 0) {
    await new Promise((resolve) => setImmediate(resolve));
    return;
  }
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, wait);
    function finish(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', finish);
      resolve();
    }
    stop.addEventListener('abort', finish);
  });
}

function summary(figures: Figures, seconds: number, lost: boolean): string {
  const words = [
    `cycles=${figures.cycles}`,
    `commands=${figures.commands}`,
    `refused=${figures.refused}`,
    `mismatches=${figures.mismatches}`,
    `live=${figures.live}`,
    `seconds=${seconds.toFixed(1)}`,
  ];
  return `${lost ? 'the back-end is gone: ' : ''}${words.join(' ')}`;
}

main().catch((error: Error) => {
  console.error(`vmm: ${error.message}`);
  process.exitCode = 1;
});
