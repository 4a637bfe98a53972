// Recorded traffic of a real guest: a JSON-lines file, one entry a line, in the order in which things happened. recorder.ts writes it,
// replay.ts plays it, and vmm tests compare the in-tree VMM with what QEMU sent.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const hex = z.string().regex(/^([0-9a-f]{2})*$/);
const bits = z.string().regex(/^0x[0-9a-f]+$/);
const count = z.int().nonnegative();

const entrySchema = z.discriminatedUnion('kind', [
  /** The first line: what was recorded. */
  z.object({ kind: z.literal('about'), version: z.literal(1), vmm: z.string(), guest: z.string() }),
  /** One request on either socket, as the VMM sent or received it (replies are not kept: they follow from the requests). */
  z.object({
    kind: z.literal('message'),
    from: z.enum(['front-end', 'back-end']),
    name: z.string(),
    needReply: z.boolean(),
    /** Bytes of payload. */
    size: count,
    fds: count,
  }),
  /** The device is negotiated: what it offered, what of it was taken, and its window in bytes. */
  z.object({ kind: z.literal('device'), features: bits, protocolFeatures: bits, windowSize: count }),
  /** The queues run: a driver has set them up, or the VM goes on. RAM is the sum of the memory table, in bytes. */
  z.object({
    kind: z.literal('start'),
    features: bits,
    ram: count,
    queues: z.array(z.object({ size: count, base: count })),
  }),
  /** The queues stopped, with these bases. */
  z.object({ kind: z.literal('stop'), bases: z.array(count) }),
  /** One chain. Chains with the same `kick` were found in the queue by one kick; kicks are numbered from 1 over both queues. */
  z.object({
    kind: z.literal('command'),
    queue: count,
    kick: count,
    /** The bytes of each descriptor that the device reads. */
    out: z.array(hex),
    /** The length of each descriptor that the device may write. */
    room: z.array(count),
    /** What the device wrote. */
    reply: hex,
  }),
]);

export type RecordingEntry = z.infer<typeof entrySchema>;
export type RecordedCommand = Extract<RecordingEntry, { kind: 'command' }>;
export type Recording = readonly RecordingEntry[];

/** Reads a recording. Throws an Error that names the line which is none of the entries above. */
export function readRecording(path: string): Recording {
  const lines = readFileSync(path, 'utf8').split('\n');
  const entries: RecordingEntry[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      entries.push(entrySchema.parse(JSON.parse(line)));
    } catch (error) {
      throw new Error(`${path}:${index + 1} is no entry of a recording: ${(error as Error).message}`);
    }
  }
  if (entries[0]?.kind !== 'about') throw new Error(`${path} does not begin with an "about" entry`);
  return entries;
}

/** One line, with its end. */
export function formatEntry(entry: RecordingEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** The first entry of a kind. Throws an Error when there is none. */
export function firstEntry<K extends RecordingEntry['kind']>(
  recording: Recording,
  kind: K,
): Extract<RecordingEntry, { kind: K }> {
  const entry = recording.find((candidate) => candidate.kind === kind);
  if (!entry) throw new Error(`the recording has no "${kind}" entry`);
  return entry as Extract<RecordingEntry, { kind: K }>;
}

/** The front-end's requests in order: how the VMM negotiates, starts, stops. "NAME!" asks for an acknowledgement. */
export function conversation(recording: Recording): string[] {
  return recording.flatMap((entry) =>
    entry.kind === 'message' && entry.from === 'front-end'
      ? [`${entry.name}${entry.needReply ? '!' : ''}`]
      : [],
  );
}
