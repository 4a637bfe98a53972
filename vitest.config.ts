import { defineConfig } from 'vitest/config';

/** Tests that start processes of their own, kill some, or take seconds each: minutes. */
const PROCESS = [
  'test/broker/kills.test.ts',
  'test/broker/recovery.test.ts',
  'test/broker/roles.test.ts',
  'test/broker/failed-attach.test.ts',
  'test/broker/heaps/**',
  'test/broker/journal/**',
  'test/cli/{config-file,keep,launcher,parts,pipes,up}.test.ts',
  'test/contract/**',
  'test/frontend/recovery/**',
  'test/frontend/state/**',
  'test/guest/environment.test.ts',
  'test/hostile/**',
  'test/keeper/**',
  'test/lib/journal/killed.test.ts',
  'test/lib/runtime/{fd-store,lifeline}.test.ts',
  'test/lib/vhost-user/recovery/**',
  'test/metrics/prometheus.test.ts',
  'test/vmm/{main,vmm,vmm-state}.test.ts',
].map((path) => (path.endsWith('**') ? `${path}/*.test.ts` : path));
const DEPLOY = ['test/deploy/**/*.test.ts'];

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude },
});

export default defineConfig({
  test: {
    globalSetup: 'test/support/build.ts',
    // Tests open sockets, memfds and processes: they run in processes of their own, never in threads.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      project('unit', ['test/**/*.test.ts'], [...PROCESS, ...DEPLOY]),
      project('process', PROCESS),
      project('deploy', DEPLOY),
    ],
  },
});
