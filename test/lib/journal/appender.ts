// A process that writes a file journal until it is killed: records with consecutive numbers, several at a time, some of them several pages
// long, and a snapshot now and then. First it reads what is there, and says on stdout what it found.
import { bootId } from '../../../services/lib/journal/boot-id.ts';
import { FileJournal } from '../../../services/lib/journal/file-journal.ts';
import type { JournalKind } from '../../../services/lib/journal/header.ts';

const KIND: JournalKind = { name: 'appender', version: 1, bootId: bootId() };
const path = process.argv[2] ?? '';

function record(number: number): Buffer {
  const bytes = Buffer.alloc(4 + (number % 50 === 0 ? 300_000 : number % 7), number & 0xff);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** A snapshot is one record with the number that everything before it had. */
const opened = FileJournal.open(path, KIND);
const journal = opened?.journal ?? FileJournal.create(path, KIND, [record(0)]);
let last = -1;
let problem = '';
for (const payload of opened?.payloads ?? [record(0)]) {
  const number = Buffer.from(payload).readUInt32LE(0);
  if (last >= 0 && number !== last + 1) problem = `${number} after ${last}`;
  if (!record(number).equals(payload)) problem = `record ${number} is not what was written`;
  last = number;
}
process.stdout.write(`${JSON.stringify({ last, cut: opened?.cut ?? 0, problem })}\n`);
for (;;) {
  const records = Array.from({ length: 1 + (last % 3) }, (_, index) => record(last + 1 + index));
  journal.append(records);
  last += records.length;
  // What this process knows to be written, for the test to compare with what its successor finds.
  process.stdout.write(`${last}\n`);
  if (last % 40 < 3) journal.snapshot([record(last)]);
}
