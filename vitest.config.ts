import { defineConfig } from 'vitest/config';
import { CiReport } from './test/support/ci-report.ts';

/** Tests that start processes of their own, kill some, or take seconds each: minutes. */
const PROCESS = [
  'test/bench/{bare-back-end,leftovers}.test.ts',
  'test/broker/kills.test.ts',
  'test/broker/recovery.test.ts',
  'test/broker/roles.test.ts',
  'test/broker/failed-attach.test.ts',
  'test/broker/fencing.test.ts',
  'test/broker/heaps/**',
  'test/broker/hostile.test.ts',
  'test/broker/journal/**',
  'test/checks/{contract-compatible,generated,readme}.test.ts',
  'test/cli/{config-file,keep,launcher,parts,pipes,up}.test.ts',
  'test/contract/**',
  'test/frontend/recovery/**',
  'test/frontend/state/**',
  'test/guest/{environment,peer-root}.test.ts',
  'test/hostile/**',
  'test/keeper/**',
  'test/lib/journal/killed.test.ts',
  'test/lib/runtime/{fd-store,lifeline}.test.ts',
  'test/lib/vhost-user/recovery/**',
  'test/metrics/{exhausted,prometheus,thousand-vms}.test.ts',
  'test/vmm/{main,vmm,vmm-state}.test.ts',
].map((path) => (path.endsWith('**') ? `${path}/*.test.ts` : path));
const DEPLOY = ['test/deploy/**/*.test.ts'];

/** One project after the other (`order`): what looks at the time in one does not run beside the load of another. */
const project = (name: string, order: number, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude, sequence: { groupOrder: order } },
});

export default defineConfig({
  test: {
    reporters: process.env['CI'] === 'true' ? ['default', new CiReport()] : ['default'],
    globalSetup: ['test/support/build.ts', 'test/support/leaves-nothing.ts'],
    // Tests open sockets, memfds and processes: they run in processes of their own, never in threads.
    pool: 'forks',
    // Every core, in place of all but one: the runner itself has little to do meanwhile.
    maxWorkers: '100%',
    // Longer than any wait of the tests (test/support/until.ts), which says what it waited for; these limits cannot.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Behind the last test: test/support/leaves-nothing.ts looks for what is left, and waits a moment for it to go.
    teardownTimeout: 60_000,
    projects: [
      project('unit', 0, ['test/**/*.test.ts'], [...PROCESS, ...DEPLOY]),
      project('process', 1, PROCESS),
      project('deploy', 2, DEPLOY),
    ],
  },
});
