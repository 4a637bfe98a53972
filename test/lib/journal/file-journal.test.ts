import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootId, describeBootId } from '../../../services/lib/journal/boot-id.ts';
import { FileJournal, LEAST_SNAPSHOT_BYTES } from '../../../services/lib/journal/file-journal.ts';
import type { JournalKind } from '../../../services/lib/journal/header.ts';
import { JournalError } from '../../../services/lib/journal/journal-error.ts';

const KIND: JournalKind = { name: 'test', version: 3, bootId: bootId() };
let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-journal-'));
  path = join(directory, 'journal');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function texts(payloads: readonly Uint8Array[]): string[] {
  return payloads.map((payload) => Buffer.from(payload).toString());
}

function bytesOf(...words: readonly string[]): Buffer[] {
  return words.map((word) => Buffer.from(word));
}

function failure(kind = KIND): JournalError {
  try {
    FileJournal.open(path, kind)?.journal.close();
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError);
    return error as JournalError;
  }
  throw new Error('the journal was opened');
}

function written(...words: readonly string[]): Buffer {
  const journal = FileJournal.create(path, KIND, bytesOf('snapshot'));
  for (const word of words) journal.append(bytesOf(word));
  journal.close();
  return readFileSync(path);
}

describe('a journal in a file', () => {
  it('is not there at first', () => {
    expect(FileJournal.open(path, KIND)).toBeNull();
  });

  it('gives back its snapshot and what was added, and goes on', () => {
    const journal = FileJournal.create(path, KIND, bytesOf('one'));
    journal.append(bytesOf('two', 'three'));
    journal.append(bytesOf('four'));
    journal.close();
    const opened = FileJournal.open(path, KIND);
    expect(texts(opened?.payloads ?? [])).toEqual(['one', 'two', 'three', 'four']);
    expect(opened?.cut).toBe(0);
    opened?.journal.append(bytesOf('five'));
    opened?.journal.close();
    const again = FileJournal.open(path, KIND);
    expect(texts(again?.payloads ?? []).at(-1)).toBe('five');
    again?.journal.close();
  });

  it('belongs to its owner', () => {
    written();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is replaced by a snapshot in one step', () => {
    const journal = FileJournal.create(path, KIND);
    journal.append(bytesOf('old', 'older'));
    journal.snapshot(bytesOf('state'));
    journal.append(bytesOf('new'));
    journal.close();
    expect(existsSync(`${path}.new`)).toBe(false);
    const opened = FileJournal.open(path, KIND);
    expect(texts(opened?.payloads ?? [])).toEqual(['state', 'new']);
    opened?.journal.close();
  });

  it('is not touched by a snapshot that was not finished', () => {
    written('a');
    writeFileSync(`${path}.new`, 'half a snapsh');
    const opened = FileJournal.open(path, KIND);
    expect(texts(opened?.payloads ?? [])).toEqual(['snapshot', 'a']);
    opened?.journal.close();
  });

  it('wants a snapshot beyond 4 MiB, and then beyond twice the last one', () => {
    const journal = FileJournal.create(path, KIND);
    const mebibyte = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 4; count += 1) journal.append([mebibyte]);
    expect(journal.size).toBeGreaterThan(LEAST_SNAPSHOT_BYTES);
    expect(journal.wantsSnapshot).toBe(true);
    journal.snapshot([mebibyte, mebibyte, mebibyte]);
    expect(journal.wantsSnapshot).toBe(false);
    for (let count = 0; count < 2; count += 1) journal.append([mebibyte]);
    expect(journal.wantsSnapshot).toBe(false);
    for (let count = 0; count < 2; count += 1) journal.append([mebibyte]);
    expect(journal.wantsSnapshot).toBe(true);
    journal.close();
  });

  it('cut anywhere behind its snapshot, loses what was cut and nothing else', () => {
    const whole = written('first', 'second', 'third');
    const ends = [whole.length - 13 - 14 - 13, whole.length - 13 - 14, whole.length - 13, whole.length];
    for (let cut = ends[0] as number; cut <= whole.length; cut += 1) {
      writeFileSync(path, whole.subarray(0, cut));
      const opened = FileJournal.open(path, KIND);
      const kept = ends.filter((end) => end <= cut);
      expect(opened?.payloads.length).toBe(kept.length);
      expect(opened?.cut).toBe(cut - (kept.at(-1) as number));
      opened?.journal.append(bytesOf('more'));
      opened?.journal.close();
      const again = FileJournal.open(path, KIND);
      expect(texts(again?.payloads ?? []).at(-1)).toBe('more');
      expect(again?.cut).toBe(0);
      again?.journal.close();
    }
  });

  it('cut within its header or its snapshot, is refused', () => {
    const whole = written();
    for (let cut = 0; cut < whole.length; cut += 1) {
      writeFileSync(path, whole.subarray(0, cut));
      expect(['OTHER_KIND', 'DAMAGED']).toContain(failure().code);
      expect(statSync(path).size).toBe(cut);
    }
  });

  it('with any bit flipped, is refused, with the offset, and left as it is', () => {
    const whole = written('first', 'second');
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      writeFileSync(path, flipped);
      const error = failure();
      expect(['OTHER_KIND', 'DAMAGED']).toContain(error.code);
      expect(error.offset).toBeLessThanOrEqual(bit >> 3);
      expect(readFileSync(path).equals(flipped)).toBe(true);
    }
  });

  it('of another kind, version or boot, is refused in words', () => {
    written();
    expect(failure({ ...KIND, name: 'other' }).message).toBe(
      `${path} is a journal of "test", one of "other" is needed`,
    );
    expect(failure({ ...KIND, version: 4 }).message).toBe(`${path} has version 1.3, this program reads 1.4`);
    const before = Buffer.alloc(16, 0xab);
    const error = failure({ ...KIND, bootId: before });
    expect(error.code).toBe('OTHER_BOOT');
    expect(error.message).toBe(
      `${path} is of boot ${describeBootId(KIND.bootId)}, the host runs abababab-abab-abab-abab-abababababab now`,
    );
  });

  it('knows the boot id as the kernel writes it', () => {
    expect(describeBootId(bootId())).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  });
});
