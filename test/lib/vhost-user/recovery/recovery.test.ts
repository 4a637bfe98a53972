// A back-end in a process of its own, killed, upgraded, ended, and started with what it should not be started with.
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Keeper } from '../../../../services/keeper/keeper.ts';
import { createEventfd } from '../../../../services/lib/os/eventfd.ts';
import { createMemfd, Mapping } from '../../../../services/lib/os/memory.ts';
import { STATE_VERSION } from '../../../../services/lib/vhost-user/recovery/state-file.ts';
import { answerName } from '../../../../services/lib/wire/virtio-gpu.ts';
import { seeded } from '../../../support/random.ts';
import { pace, until, untilPasses } from '../../../support/until.ts';
import { type AnswerError, GpuDriver } from '../../../vmm/driver.ts';
import type { Vmm } from '../../../vmm/vmm.ts';
import { Holder, type HolderOptions } from './holder.ts';
import { boot, live } from './life.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const COMPILED = ROOT.endsWith('/dist') ? ROOT : join(ROOT, 'dist');
const SURVIVOR = join(COMPILED, 'test/lib/vhost-user/recovery/survivor.js');

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(options: Partial<HolderOptions> = {}): { holder: Holder; path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-recovery-'));
  const path = join(directory, 'gpu.sock');
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  const holder = new Holder({
    script: 'test/lib/vhost-user/recovery/survivor',
    environment: { SURVIVOR_SOCKET: path },
    ...options,
  });
  cleanups.push(() => holder.stop());
  return { holder, path };
}

async function bootAt(path: string): Promise<Vmm> {
  const vmm = await boot(path, 'slots');
  cleanups.push(() => vmm.close());
  return vmm;
}

function submit(stream = ''): ReturnType<typeof GpuDriver.command> {
  return GpuDriver.command('SUBMIT_3D', {}, { size: stream.length }, { rest: Buffer.from(stream) });
}

describe('a command that kills the device', () => {
  it('is answered with an error after one retry, is logged with its bytes, and the commands around it are done once', async () => {
    const { holder, path } = start();
    const vmm = await bootAt(path);
    const answers = await vmm.driver.exchange([submit(), submit('crash'), submit()]);
    expect(answers.map((bytes) => answerName(bytes.readUInt32LE(0)))).toEqual([
      'OK_NODATA',
      'ERR_UNSPEC',
      'OK_NODATA',
    ]);
    await untilPasses('it died twice', () => expect(holder.ends).toEqual(['SIGKILL', 'SIGKILL']));
    const poison = `poison ${Buffer.from(submit('crash').out[0]!).toString('hex')}`;
    await until('it is logged with its bytes', () => holder.text.includes(poison), {
      found: () => holder.text,
    });
    expect((await vmm.driver.assignUuid(1)).readUInt32LE(0)).toBe(2);
  });
});

describe('a command that kills the device, of a VMM that dies with it', () => {
  it('is not held against the next VMM, whose chains have the same numbers', async () => {
    let vmm: Vmm | null = null;
    const { holder, path } = start({ onDeath: () => vmm?.close() });
    vmm = await bootAt(path);
    await expect(vmm.driver.sendCommand(submit('crash'))).rejects.toThrow();
    vmm = null;
    const next = await bootAt(path);
    const answer = await next.driver.sendCommand(submit('crash')).catch((error: AnswerError) => error.answer);
    expect(answer.name).toBe('ERR_UNSPEC');
    // Once for the VMM that is gone, and twice for this one.
    expect(holder.ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
  });
});

describe('an upgrade', () => {
  it('under traffic goes unnoticed, ten times', async () => {
    const { holder, path } = start();
    const vmm = await bootAt(path);
    let upgrades = 0;
    const upgrading = (async () => {
      for (; upgrades < 10; upgrades += 1) {
        const death = holder.death();
        holder.signal('SIGTERM');
        await death;
        await until(
          'the successor goes on',
          () => holder.text.split('goes on where a predecessor').length > upgrades + 1,
        );
      }
    })();
    let counted = 0;
    while (upgrades < 10) counted = await live(vmm, counted);
    await upgrading;
    await live(vmm, counted);
  });
});

describe('a device that is ended', () => {
  it('leaves nothing in the store but what is not its own, and no path', async () => {
    const { holder, path } = start();
    const vmm = await bootAt(path);
    await live(vmm, 0);
    expect(holder.names.filter((name) => name.startsWith('vu.')).length).toBeGreaterThan(5);
    const death = holder.death();
    holder.signal('SIGINT');
    await death;
    await vmm.frontEnd.ended;
    expect(holder.names).toEqual(['device.blobs', 'device.journal']);
    expect(existsSync(path)).toBe(false);
  });

  it('holds as much after many lives as after one', async () => {
    const { holder, path } = start();
    const vmm = await bootAt(path);
    let counted = await live(vmm, 0);
    await until('the store has become small', () => holder.names.length < 20);
    const { length } = holder.names;
    for (let round = 0; round < 5; round += 1) counted = await live(vmm, counted);
    await until('as much is held as before', () => holder.names.length === length);
  });
});

describe('random kills', () => {
  it('at any moment of two queues under load lose nothing', { timeout: 120_000 }, async () => {
    const random = seeded();
    const kills = process.env['BARKEEP_CHAOS'] === 'long' ? 200 : 15;
    const { holder, path } = start();
    const vmm = await bootAt(path);
    let isOver = false;
    const killing = (async () => {
      for (let count = 0; count < kills; count += 1) {
        await pace(random.between(60, 180));
        holder.signal('SIGKILL');
      }
      isOver = true;
    })();
    let counted = 0;
    while (!isOver) counted = await live(vmm, counted);
    await killing;
    await live(vmm, counted);
    expect(holder.ends.length).toBeGreaterThan(kills / 2);
  });
});

describe('under the real keeper', () => {
  it('a back-end that is killed again and again goes on', { timeout: 60_000 }, async () => {
    const random = seeded();
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-kept-'));
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, 'gpu.sock');
    const keeper = new Keeper(
      {
        name: 'survivor',
        command: [process.execPath, SURVIVOR],
        environment: { PATH: process.env['PATH'], SURVIVOR_SOCKET: path },
      },
      { log: { debug() {}, info() {}, warn() {}, error() {} }, firstPause: 5, longestPause: 20 },
    );
    keeper.start();
    cleanups.push(() => keeper.stop());
    const vmm = await bootAt(path);
    let isOver = false;
    const pids = new Set<number>();
    const killing = (async () => {
      for (let count = 0; count < 10; count += 1) {
        await pace(random.between(150, 250));
        if (keeper.pid === null) continue;
        pids.add(keeper.pid);
        process.kill(keeper.pid, 'SIGKILL');
      }
      isOver = true;
    })();
    let counted = 0;
    while (!isOver) counted = await live(vmm, counted);
    await killing;
    await live(vmm, counted);
    expect(pids.size).toBeGreaterThan(5);
    await until('the keeper holds little', () => keeper.held < 20);
  });
});

describe('a store that gives back the wrong things', () => {
  /** Kills a device with a VMM, with something else in the store than there was. Returns what the successor says. */
  async function succeeded(
    tamper: (holder: Holder) => void,
  ): Promise<{ holder: Holder; vmm: Vmm; text: string }> {
    const { holder, path } = start({
      onDeath: (dead) => (dead.ends.length === 1 ? tamper(dead) : undefined),
    });
    const vmm = await bootAt(path);
    await vmm.driver.sendCommand(submit());
    const before = holder.text.length;
    holder.signal('SIGKILL');
    await until(
      'the successor goes on or gives up',
      () => holder.ends.length === 2 || /goes on where/.test(holder.text.slice(before)),
    );
    return { holder, vmm, text: holder.text.slice(before) };
  }

  it('lacks a descriptor: the successor says which, and leaves the rest alone', async () => {
    const { holder, text } = await succeeded((dead) => dead.tamper(eventfdName(dead), null));
    expect(holder.ends[1]).toBe('exit 1');
    expect(text).toMatch(
      /RecoveryError the (kick|call|error eventfd) of queue \d \("vu\.\d+"\) did not come back from the store/,
    );
    expect(holder.names.length).toBeGreaterThan(8);
  });

  it('has another file for guest memory', async () => {
    const { text } = await succeeded((dead) => dead.tamper(ramName(dead), createMemfd('other', 4096)));
    expect(text).toMatch(
      /RecoveryError what came back from the store as guest memory \("vu\.\d+"\) is something else/,
    );
  });

  it('has no socket where the VMM should be', async () => {
    const { text } = await succeeded((dead) => dead.tamper(socketName(dead), createEventfd()));
    expect(text).toMatch(
      /RecoveryError what came back from the store as (the VMM's socket|the back-end channel) .* is something else/,
    );
  });

  it('has a state of another version: it is named, and the store is left alone', async () => {
    const { holder, text } = await succeeded((dead) => {
      const state = dead.copy('vu.state');
      const mapping = Mapping.ofFile(state.number, 0, 4096);
      mapping.bytes(8, 1)[0] = STATE_VERSION + 1;
      mapping.close();
      state.close();
    });
    expect(text).toMatch(
      /RecoveryError the stored state of the device has version \d+, this program writes \d+: start the version that wrote it, or restart the VM/,
    );
    expect(holder.names).toContain('vu.state');
  });

  it.each([
    ['no sealed memfd', () => createEventfd()],
    ['of another size', () => createMemfd('state', 8192)],
  ])('has a state that is %s', async (_, make) => {
    const { text } = await succeeded((dead) => dead.tamper('vu.state', make()));
    expect(text).toMatch(
      /RecoveryError (what is stored as the state of the device is no sealed memfd|the stored state of the device \(8192 bytes\) begins with other bytes than ours does)/,
    );
  });

  it('lacks the state: nobody knows what the others are', async () => {
    const { text } = await succeeded((dead) => dead.tamper('vu.state', null));
    expect(text).toMatch(
      /RecoveryError the state of the device \("vu\.state"\) did not come back from the store, but \d+ descriptors of its connection did/,
    );
  });

  it('lacks an outbox', async () => {
    const { text } = await succeeded((dead) => dead.tamper('vu.replies', null));
    expect(text).toMatch(
      /RecoveryError the outbox of replies \("vu\.replies"\) did not come back from the store/,
    );
  });

  it('lacks the listening socket: the VMM stays, and the next one finds a new one', async () => {
    const { holder, vmm } = await succeeded((dead) => dead.tamper('vu.listener', null));
    await live(vmm, 1);
    vmm.close();
    await until('the connection to the VMM ended', () => /the connection to the VMM ended/.test(holder.text));
    expect(holder.names).toContain('vu.listener');
  });

  it('has more than there was: it is given back', async () => {
    const { holder, vmm } = await succeeded((dead) => dead.tamper('vu.4000000', createEventfd()));
    await until('it is given back', () => !holder.names.includes('vu.4000000'));
    await live(vmm, 1);
  });
});

// What a name stands for is told by the file behind it, as /proc shows it.
function nameOf(holder: Holder, isIt: (link: string) => boolean): string {
  const found = holder.held.find(
    ({ name, fd }) => /^vu\.\d+$/.test(name) && isIt(readlinkSync(`/proc/self/fd/${fd.number}`)),
  );
  if (!found) throw new Error(`nothing of that kind is held: ${holder.names.join(' ')}`);
  return found.name;
}

function eventfdName(holder: Holder): string {
  return nameOf(holder, (link) => link === 'anon_inode:[eventfd]');
}

function ramName(holder: Holder): string {
  return nameOf(holder, (link) => link.includes('memfd:guest-memory'));
}

function socketName(holder: Holder): string {
  return nameOf(holder, (link) => link.startsWith('socket:'));
}
