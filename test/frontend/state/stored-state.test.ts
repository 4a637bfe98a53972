// A store that gives back too little, too much, or something else: the frontend says what it found, and begins afresh.
import { ftruncateSync, openSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoredState } from '../../../services/frontend/state/stored-state.ts';
import { MemoryJournal } from '../../../services/lib/journal/memory-journal.ts';
import { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, duplicate, PAGE_SIZE } from '../../../services/lib/os/memory.ts';
import { EXIT } from '../../../services/lib/runtime/exit-code.ts';

const WINDOW = 16 * PAGE_SIZE;

/** A holder in this process: what was put comes back in restart(). */
class FakeStore {
  held = new Map<string, Fd>();
  left = new Map<string, Fd[]>();

  put(name: string, fd: number): void {
    this.held.get(name)?.close();
    this.held.set(name, duplicate(fd));
  }

  remove(name: string): void {
    this.held.get(name)?.close();
    this.held.delete(name);
  }

  take(name: string): Fd[] {
    const fds = this.left.get(name) ?? [];
    this.left.delete(name);
    return fds;
  }

  discardLeft(): string[] {
    const names = [...this.left.keys()];
    for (const name of names) {
      for (const fd of this.take(name)) fd.close();
      this.remove(name);
    }
    return names;
  }

  restart(): void {
    this.discardTaken();
    this.left = new Map([...this.held].map(([name, fd]) => [name, [duplicate(fd.number)]]));
  }

  discardTaken(): void {
    for (const fds of this.left.values()) for (const fd of fds) fd.close();
    this.left.clear();
  }

  close(): void {
    this.discardTaken();
    for (const name of [...this.held.keys()]) this.remove(name);
  }
}

let store: FakeStore;
let fds: Fd[];
beforeEach(() => {
  store = new FakeStore();
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
  state.journal.append({ kind: 'session', session, placement, windowSize: WINDOW, lastNumber: 0 });
  const window = memory();
  if (placement === 'window') state.keepWindow(window);
  state.publish();
  state.leave();
  store.put('vu.state', window.number);
  return window;
}

function restart(): StoredState {
  store.restart();
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

  it('gets the last window, and the others are given up', () => {
    live();
    const first = restart();
    const second = memory();
    first.keepWindow(second);
    // As if the process had died before it gave the first one up.
    store.put('gpu.window.1', second.number);
    restart();

    expect([...store.held.keys()].filter((name) => name.startsWith('gpu.window'))).toEqual(['gpu.window.2']);
  });

  it('begins afresh after a predecessor that did not get as far as to serve a VM', () => {
    StoredState.open(store).keepWindow(memory());
    const { past } = restart();

    expect(past).toBeNull();
    expect([...store.held.keys()]).toEqual([]);
  });
});

describe('a store that gives back', () => {
  it('more than there was: it is closed, and the VM goes on', () => {
    live();
    store.put('gpu.window.9', memory().number);
    store.restart();
    const more = duplicate(memory().number);
    store.left.get('gpu.journal')?.push(more);
    const state = StoredState.open(store);
    for (const fd of [state.window, state.journal.fd]) if (fd) fds.push(fd);

    expect(state.past?.session).toMatchObject({ windowSize: WINDOW });
    expect(more.open).toBe(false);
    expect([...store.held.keys()].sort()).toEqual(['gpu.journal', 'gpu.window.1', 'vu.state']);
  });

  it.each<[string, () => void, string]>([
    ['no journal', () => store.remove('gpu.journal'), `not the device's journal ("gpu.journal")`],
    [
      'no window',
      () => store.remove('gpu.window.1'),
      `the window's memory ("gpu.window.1") did not come back`,
    ],
    ['another window', () => store.put('gpu.window.1', memory().number), 'is something else'],
    ['a window of another size', () => store.put('gpu.window.1', memory(PAGE_SIZE).number), '4096 bytes'],
    [
      'a window whose size is not sealed',
      () => {
        const state = restart();
        state.keepWindow(unsealedMemory());
        state.leave();
      },
      `("gpu.window.2", ${WINDOW} bytes) is something else`,
    ],
    ['something else for a journal', () => store.put('gpu.journal', memory().number), 'no sealed memfd'],
    [
      'a journal of another version',
      () => {
        const kind = { name: 'gpudev', version: 77, bootId: Buffer.alloc(16) };
        const journal = MemoryJournal.create(kind, 3 * PAGE_SIZE);
        store.put('gpu.journal', journal.fd.number);
        journal.close();
      },
      'has version 1.77, this program reads 1.1',
    ],
  ])('%s is told in words, and everything is given up', (_, spoil, words) => {
    live();
    spoil();

    expect(restart).toThrow(
      expect.objectContaining({ exitCode: EXIT.FAILURE, message: expect.stringContaining(words) }),
    );
    expect([...store.held.keys()]).toEqual([]);
    expect(restart().past).toBeNull();
  });
});
