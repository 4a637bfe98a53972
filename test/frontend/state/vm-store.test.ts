// The descriptors of several VMs in one store: nobody takes another's, and what a failed attempt leaves is there for the next one.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardOfOthers, VmStore } from '../../../services/frontend/state/vm-store.ts';
import { createEventfd } from '../../../services/lib/os/eventfd.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, PAGE_SIZE } from '../../../services/lib/os/memory.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import { TestHolder } from '../../lib/runtime/test-holder.ts';

let holder: TestHolder;
let fds: Fd[];
beforeEach(() => {
  holder = new TestHolder();
  fds = [];
});
afterEach(() => {
  for (const fd of fds) fd.close();
  holder.close();
});

function memory(): Fd {
  const fd = createMemfd('test', PAGE_SIZE);
  fds.push(fd);
  return fd;
}

function taken(store: VmStore, name: string): readonly bigint[] {
  const found = store.take(name);
  fds.push(...found);
  return found.map((fd) => fileIdentity(fd.number).ino);
}

const inodeOf = (fd: Fd): bigint => fileIdentity(fd.number).ino;

describe('the store of a VM', () => {
  it('has its own names, whatever the names of others look like', () => {
    const [one, other] = [memory(), memory()];
    new VmStore(holder, 'a').put('gpu.journal', one.number);
    new VmStore(holder, 'a.gpu').put('gpu.journal', other.number);
    holder.giveBack();
    const [a, dotted] = [new VmStore(holder, 'a'), new VmStore(holder, 'a.gpu')];
    fds.push(...[a, dotted].map(closing));

    expect(holder.names).toEqual(['a.gpu/gpu.journal', 'a/gpu.journal']);
    expect([...a.left.keys()]).toEqual(['gpu.journal']);
    expect(taken(a, 'gpu.journal')).toEqual([inodeOf(one)]);
    expect(taken(dotted, 'gpu.journal')).toEqual([inodeOf(other)]);
  });

  it('gives the next attempt what the holder has, and not what the last one has taken out', () => {
    const [kept, removed, put] = [memory(), memory(), memory()];
    const before = new VmStore(holder, 'a');
    before.put('kept', kept.number);
    before.put('removed', removed.number);
    before.settle();
    holder.giveBack();
    const store = new VmStore(holder, 'a');
    fds.push(closing(store));

    taken(store, 'kept');
    store.remove('removed');
    store.put('put', put.number);
    store.begin();

    expect([...store.left.keys()].sort()).toEqual(['kept', 'put']);
    expect(taken(store, 'kept')).toEqual([inodeOf(kept)]);
    expect(taken(store, 'put')).toEqual([inodeOf(put)]);
  });

  it('keeps nothing of its own once the VM is served', () => {
    const store = new VmStore(holder, 'a');
    store.put('one', memory().number);
    store.settle();
    store.put('other', memory().number);
    store.begin();

    expect([...store.left.keys()]).toEqual([]);
    expect(holder.names).toEqual(['a/one', 'a/other']);
  });

  it('gives up what came back for nobody', () => {
    for (const name of ['a/one', 'b/one', 'gpu.journal', 'ab/one']) {
      const eventfd = createEventfd();
      fds.push(eventfd);
      holder.put(name, eventfd.number);
    }
    holder.giveBack();

    expect(discardOfOthers(holder, ['a', 'b']).sort()).toEqual(['ab/one', 'gpu.journal']);
    expect(holder.names).toEqual(['a/one', 'b/one']);
  });
});

/** Closed at the end of the test, as a descriptor is. */
function closing(store: VmStore): Fd {
  return { close: () => store.settle() } as Fd;
}
