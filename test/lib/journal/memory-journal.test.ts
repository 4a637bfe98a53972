import { afterEach, describe, expect, it } from 'vitest';
import { bootId } from '../../../services/lib/journal/boot-id.ts';
import type { JournalKind } from '../../../services/lib/journal/header.ts';
import { JournalError } from '../../../services/lib/journal/journal-error.ts';
import { MemoryJournal } from '../../../services/lib/journal/memory-journal.ts';
import { createMemfd, duplicate, Mapping, PAGE_SIZE } from '../../../services/lib/os/memory.ts';

const KIND: JournalKind = { name: 'device', version: 1, bootId: bootId() };
const SIZE = 3 * PAGE_SIZE;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function create(): MemoryJournal {
  const journal = MemoryJournal.create(KIND, SIZE);
  cleanups.push(() => journal.close());
  return journal;
}

/** What a successor reads. */
function reread(journal: MemoryJournal, kind = KIND): string[] {
  const { journal: again, payloads } = MemoryJournal.adopt(duplicate(journal.fd.number), kind);
  const found = payloads.map((payload) => Buffer.from(payload).toString());
  expect(again.size).toBe(journal.size);
  again.close();
  return found;
}

function failure(journal: MemoryJournal, kind = KIND): JournalError {
  try {
    reread(journal, kind);
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError);
    return error as JournalError;
  }
  throw new Error('the journal was adopted');
}

function bytesOf(...words: readonly string[]): Buffer[] {
  return words.map((word) => Buffer.from(word));
}

describe('a journal in memory', () => {
  it('gives a successor what was added, who goes on with it', () => {
    const journal = create();
    journal.append(bytesOf('one', 'two'));
    const { journal: successor, payloads } = MemoryJournal.adopt(duplicate(journal.fd.number), KIND);
    cleanups.push(() => successor.close());
    expect(payloads.length).toBe(2);
    successor.append(bytesOf('three'));
    expect(reread(successor)).toEqual(['one', 'two', 'three']);
  });

  it('says when it is full, stays as it was, and goes on after it was compacted, for ever', () => {
    const journal = create();
    const large = [Buffer.alloc(1000, 0x61)];
    for (let round = 0; round < 10; round += 1) {
      while (journal.fits(large)) journal.append(large);
      expect(() => journal.append(large)).toThrow(/do not fit into device: .* of 4096 are taken/);
      journal.compact(bytesOf(`round ${round}`));
      expect(reread(journal)).toEqual([`round ${round}`]);
    }
  });

  it('refuses a state that has no room, and keeps the old one', () => {
    const journal = create();
    journal.append(bytesOf('kept'));
    expect(() => journal.compact([Buffer.alloc(5000)])).toThrow(JournalError);
    expect(reread(journal)).toEqual(['kept']);
    journal.append(bytesOf('more'));
    expect(reread(journal)).toEqual(['kept', 'more']);
  });

  it('does not count what was written and not committed', () => {
    const journal = create();
    journal.append(bytesOf('counts'));
    const mapping = Mapping.ofFile(journal.fd.number, 0, SIZE);
    cleanups.push(() => mapping.close());
    mapping.bytes(PAGE_SIZE + journal.size, 100).fill(0x55);
    mapping.bytes(2 * PAGE_SIZE, PAGE_SIZE).fill(0x55);
    expect(reread(journal)).toEqual(['counts']);
  });

  it('with any bit flipped that counts, is refused with an offset', () => {
    const journal = create();
    journal.append(bytesOf('first', 'second'));
    journal.compact(bytesOf('state'));
    journal.append(bytesOf('third'));
    const mapping = Mapping.ofFile(journal.fd.number, 0, SIZE);
    cleanups.push(() => mapping.close());
    const bytes = mapping.bytes(0, SIZE);
    const area = 2 * PAGE_SIZE;
    // Header, area word, the end of the second area; its records.
    const counting = [
      ...Array.from({ length: 68 }, (_, index) => index),
      ...Array.from({ length: 8 }, (_, index) => 80 + index),
      ...Array.from({ length: journal.size }, (_, index) => area + index),
    ];
    for (const at of counting) {
      for (let bit = 0; bit < 8; bit += 1) {
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        const error = failure(journal);
        expect(['DAMAGED', 'OTHER_KIND']).toContain(error.code);
        expect(error.offset).toBeLessThanOrEqual(at);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
      }
    }
    expect(reread(journal)).toEqual(['state', 'third']);
  });

  it('with bits flipped in what does not count, is fine', () => {
    const journal = create();
    journal.append(bytesOf('first'));
    const mapping = Mapping.ofFile(journal.fd.number, 0, SIZE);
    cleanups.push(() => mapping.close());
    for (const at of [200, 4000, PAGE_SIZE + journal.size, 2 * PAGE_SIZE]) mapping.bytes(at, 1).fill(0xff);
    expect(reread(journal)).toEqual(['first']);
  });

  it('of another kind, version, boot or size, is refused', () => {
    const journal = create();
    expect(failure(journal, { ...KIND, name: 'other' }).code).toBe('OTHER_KIND');
    expect(failure(journal, { ...KIND, version: 2 }).code).toBe('OTHER_VERSION');
    expect(failure(journal, { ...KIND, bootId: Buffer.alloc(16) }).code).toBe('OTHER_BOOT');
    expect(() => MemoryJournal.adopt(createMemfd('other', PAGE_SIZE), KIND)).toThrow(
      /no sealed memfd of its size/,
    );
  });

  it('that is closed takes nothing more, and says so', () => {
    const journal = MemoryJournal.create(KIND, SIZE);
    journal.close();
    expect(() => journal.append(bytesOf('late'))).toThrow(RangeError);
  });
});
