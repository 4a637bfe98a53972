// A store that gives back too little, too much, or something else: the frontend says what it found, and begins afresh.
import { ftruncateSync, openSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoredState } from '../../../services/frontend/state/stored-state.ts';
import { MemoryJournal } from '../../../services/lib/journal/memory-journal.ts';
import { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, PAGE_SIZE } from '../../../services/lib/os/memory.ts';
import { EXIT } from '../../../services/lib/runtime/exit-code.ts';
import { TestHolder } from '../../lib/runtime/test-holder.ts';

const WINDOW = 16 * PAGE_SIZE;

let store: TestHolder;
let fds: Fd[];
beforeEach(() => {
  store = new TestHolder();
  fds = [];
});
afterEach(() => {
  store.close();
  for (const fd of fds) fd.close();
});

function memory(size = WINDOW): Fd {
  const fd = createMemfd('window', size);
  fds.push(fd);
  return fd;
}

/** A file of tmpfs answers as a memfd that was not sealed does. */
function unsealedMemory(): Fd {
  const path = `/dev/shm/barkeep-unsealed-${process.pid}`;
  const fd = new Fd(openSync(path, 'wx+', 0o600));
  rmSync(path);
  ftruncateSync(fd.number, WINDOW);
  fds.push(fd);
  return fd;
}

/** A first life that came as far as to serve a VM, and left. */
function live(placement: 'window' | 'per-blob' = 'window'): Fd {
  const state = StoredState.open(store);
  const session = new Uint8Array(16).fill(7);
  state.journal.append({ kind: 'session', session, placement, windowSize: WINDOW });
  const window = memory();
  if (placement === 'window') state.keepWindow(window);
  state.keepOffer({ scanouts: 1, blobAlignment: 2 ** 21 });
  state.publish();
  state.leave();
  store.put('vu.state', window.number);
  return window;
}

function restart(): StoredState {
  store.giveBack();
  const state = StoredState.open(store);
  for (const fd of [state.window, state.journal.fd]) if (fd) fds.push(fd);
  return state;
}

describe('a successor', () => {
  it('gets journal and window back', () => {
    live();
    const { past, window } = restart();

    expect(past?.session).toMatchObject({ placement: 'window', windowSize: WINDOW });
    expect(window).not.toBeNull();
  });

  it('tells VMMs what its predecessor told them, also after a snapshot', () => {
    live();
    const first = restart();
    expect(first.past?.offer).toMatchObject({ scanouts: 1, blobAlignment: 2 ** 21 });

    first.journal.compact(first.snapshot());

    expect(restart().past?.offer).toMatchObject({ scanouts: 1, blobAlignment: 2 ** 21 });
  });

  it('gets the last window, and the others are given up', () => {
    live();
    const first = restart();
    const second = memory();
    first.keepWindow(second);
    // As if the process had died before it gave the first one up.
    store.put('gpu.window.1', second.number);
    restart();

    expect(store.names.filter((name) => name.startsWith('gpu.window'))).toEqual(['gpu.window.2']);
  });

  it('begins afresh after a predecessor that did not get as far as to serve a VM', () => {
    StoredState.open(store).keepWindow(memory());
    const { past } = restart();

    expect(past).toBeNull();
    expect(store.names).toEqual([]);
  });
});

describe('a store that gives back', () => {
  it('more than there was: it is closed, and the VM goes on', () => {
    live();
    store.put('gpu.window.9', memory().number);
    store.put('gpu.journal', memory().number);
    store.giveBack();
    const more = store.left.get('gpu.journal')?.[1];
    const state = StoredState.open(store);
    for (const fd of [state.window, state.journal.fd]) if (fd) fds.push(fd);

    expect(state.past?.session).toMatchObject({ windowSize: WINDOW });
    expect(more?.open).toBe(false);
    expect(store.names).toEqual(['gpu.journal', 'gpu.journal', 'gpu.window.1', 'vu.state']);
  });

  it.each<[string, () => void, string]>([
    ['no journal', () => store.remove('gpu.journal'), `not the device's journal ("gpu.journal")`],
    [
      'no window',
      () => store.remove('gpu.window.1'),
      `the window's memory ("gpu.window.1") did not come back`,
    ],
    ['another window', () => store.alter('gpu.window.1', null, memory()), 'is something else'],
    ['a window of another size', () => store.alter('gpu.window.1', null, memory(PAGE_SIZE)), '4096 bytes'],
    [
      'a window whose size is not sealed',
      () => {
        const state = restart();
        state.keepWindow(unsealedMemory());
        state.leave();
      },
      `("gpu.window.2", ${WINDOW} bytes) is something else`,
    ],
    ['something else for a journal', () => store.alter('gpu.journal', null, memory()), 'no sealed memfd'],
    [
      'a journal of another version',
      () => {
        const kind = { name: 'gpudev', version: 77, bootId: Buffer.alloc(16) };
        const journal = MemoryJournal.create(kind, 3 * PAGE_SIZE);
        store.alter('gpu.journal', null, journal.fd);
        journal.close();
      },
      'has version 1.77, this program reads 1.5',
    ],
  ])('%s is told in words, and everything is given up', (_, spoil, words) => {
    live();
    spoil();

    expect(restart).toThrow(
      expect.objectContaining({ exitCode: EXIT.FAILURE, message: expect.stringContaining(words) }),
    );
    expect(store.names).toEqual([]);
    expect(restart().past).toBeNull();
  });
});
