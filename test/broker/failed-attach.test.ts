// An attach that fails leaves nothing behind, however often it is tried: a frontend does so many times a second.
import { afterEach, expect, it } from 'vitest';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { failureOf, fdsFallTo, openFds, TestBroker } from './harness.ts';

const TIMES = 100;
let broker: TestBroker | null = null;
const holder = new TestHolder();

afterEach(async () => {
  await broker?.end();
  holder.close();
});

async function refusedAttach(): Promise<string | null> {
  const session = broker!.openSession();
  const { reason } = await failureOf(
    session.attach({ vm: 'web', secret: broker!.secret('web'), session: new Uint8Array() }),
  );
  session.vanish();
  return reason;
}

it('keeps no window, here or at the holder, when its books cannot be opened', async () => {
  // The checks of the configuration know no such VM: whatever it is that fails behind the window's making.
  broker = await TestBroker.start(undefined, null, { store: holder }, (config) => ({
    ...config,
    vms: config.vms.map((vm) => ({ ...vm, heap: 'none' })),
  }));
  expect(await refusedAttach()).toBe('INTERNAL');
  const names = holder.names;
  const before = openFds();
  for (let times = 0; times < TIMES; times += 1) expect(await refusedAttach()).toBe('INTERNAL');
  expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
  expect([holder.puts, holder.names]).toEqual([TIMES + 1, names]);
  expect(names).toEqual([]);
});
