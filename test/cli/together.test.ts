import { expect, test } from 'vitest';
import { together } from '../../services/cli/up.ts';
import { parseConfig } from '../../services/lib/runtime/config.ts';

/** VMs with the users that they belong to; by the process that serves them. */
function processesOf(vms: Readonly<Record<string, number>>, perProcess: number): readonly string[] {
  const lines = Object.entries(vms).map(
    ([name, uid]) => `  - { name: ${name}, window: 4KiB, heap: ram, uid: ${uid} }`,
  );
  const text = `heaps: [{ name: ram, backing: memfd, cache: cached, capacity: 4KiB }]\nvms:\n${lines.join('\n')}\n`;
  const config = parseConfig(text, 'together.yaml', { environment: {}, host: null });
  return together(config.vms, perProcess).map((served) => served.map(({ name }) => name).join(' '));
}

test.each([
  [1, ['a', 'c', 'd', 'e', 'b', 'f']],
  [3, ['a c d', 'e', 'b f']],
  [64, ['a c d e', 'b f']],
])('VMs of different users have no process in common: %d in one at most', (perProcess, expected) => {
  expect(processesOf({ a: 1, b: 2, c: 1, d: 1, e: 1, f: 2 }, perProcess)).toEqual(expected);
});
