// Who may do what on a host: each role's group reaches its own sockets and nothing else, and a socket serves what its role has and nothing else.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servedTo } from '../../services/broker/rpc/roles.ts';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { runDirectoryPaths } from '../../services/lib/runtime/run-directory.ts';
import { create, map, PAGE, results, TestBroker } from './harness.ts';

const isRoot = process.getuid?.() === 0;
const GROUPS = { frontends: 64_001, viewers: 64_002, operators: 64_003, memory: 64_004 } as const;
type Role = keyof typeof GROUPS;
/** Some user who is not root. */
const STRANGER = 64_100;

const YAML = `
groups: { frontends: ${GROUPS.frontends}, viewers: ${GROUPS.viewers}, operators: ${GROUPS.operators}, memory: ${GROUPS.memory} }
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
vms:
  - { name: web, window: 256MiB, heap: ram }
`;

let directory: string;
let broker: TestBroker;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-roles-'));
  chmodSync(directory, 0o755);
});
afterEach(async () => {
  await broker.end();
  rmSync(directory, { recursive: true });
});

const SOCKETS = ['broker.sock', 'fd.sock', 'admin-ro.sock', 'admin.sock', 'memory.sock', 'memory-fd.sock'];

/** Runs JavaScript as another user, a member of one group; gives what it printed. */
async function runAs(uid: number, gid: number, script: string, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, ['-e', script, ...words], {
    uid,
    gid,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  for await (const chunk of child.stdout) out += chunk;
  return out;
}

/** What connect(2) says for each socket. EPROTOTYPE: allowed, and the socket is of another type than Node's. */
const CONNECT = `
const [directory, ...names] = process.argv.slice(1);
const attempt = (name) => new Promise((resolve) => {
  const socket = require('node:net').connect(directory + '/' + name);
  socket.once('connect', () => { socket.destroy(); resolve(name); });
  socket.once('error', ({ code }) => resolve(code === 'EPROTOTYPE' ? name : code === 'EACCES' ? null : code));
});
Promise.all(names.map(attempt)).then((found) => console.log(JSON.stringify(found.filter((name) => name !== null))));
`;

describe.skipIf(!isRoot)('a group', () => {
  beforeEach(async () => {
    broker = await TestBroker.start(YAML, directory);
  });

  it.each<[Role, string[]]>([
    ['frontends', ['broker.sock', 'fd.sock']],
    ['viewers', ['admin-ro.sock']],
    ['operators', ['admin.sock']],
    ['memory', ['memory.sock', 'memory-fd.sock']],
  ])('of %s may connect to %j, and to no other socket', async (role, sockets) => {
    expect(JSON.parse(await runAs(STRANGER, GROUPS[role], CONNECT, directory, ...SOCKETS))).toEqual(sockets);
  });

  it('that has no role may connect to nothing', async () => {
    expect(JSON.parse(await runAs(STRANGER, 64_005, CONNECT, directory, ...SOCKETS))).toEqual([]);
  });

  it('of frontends reads the secrets of its VMs and cannot replace them; nobody else reads them', async () => {
    const { directory: run, vmSecret, vmDirectory } = broker.paths;
    expect(run).toBe(directory);
    const READ = `
      const { readFileSync, unlinkSync, writeFileSync } = require('node:fs');
      const attempt = (act) => { try { return act() ?? 'done'; } catch ({ code }) { return code; } };
      const [secret, directory] = process.argv.slice(1);
      console.log(JSON.stringify([
        attempt(() => readFileSync(secret, 'utf8').trim()), attempt(() => writeFileSync(secret, 'x')), attempt(() => unlinkSync(secret)),
        attempt(() => writeFileSync(directory + '/gpu.sock', '')),
      ]));`;
    const paths = [vmSecret('web'), vmDirectory('web')];
    expect(JSON.parse(await runAs(STRANGER, GROUPS.frontends, READ, ...paths))).toEqual([
      broker.secret('web'),
      'EACCES',
      'EPERM',
      'done',
    ]);
    for (const role of ['viewers', 'operators', 'memory'] as const) {
      expect(JSON.parse(await runAs(STRANGER, GROUPS[role], READ, ...paths))[0]).toBe('EACCES');
    }
  });

  it('keeps its secret over a restart, and a broker without the group makes a new one for its own user', async () => {
    const secret = broker.secret('web');
    await broker.stop();
    broker = await TestBroker.start(YAML, directory);
    expect(broker.secret('web')).toBe(secret);
    await broker.stop();
    broker = await TestBroker.start(YAML.replace(/^groups:.*$/m, ''), directory);
    expect(broker.secret('web')).not.toBe(secret);
    const { uid, mode } = statSync(broker.paths.vmSecret('web'));
    expect({ uid, mode: mode & 0o7777 }).toEqual({ uid: 0, mode: 0o600 });
    expect(statSync(broker.paths.vmDirectory('web')).mode & 0o7777).toBe(0o750);
  });
});

describe('without groups', () => {
  beforeEach(async () => {
    broker = await TestBroker.start(YAML.replace(/^groups:.*$/m, ''), directory);
  });

  it.skipIf(!isRoot)("nobody but the broker's own user may connect to anything", async () => {
    for (const gid of [...Object.values(GROUPS), process.getgid?.() ?? 0]) {
      expect(JSON.parse(await runAs(STRANGER, gid, CONNECT, directory, ...SOCKETS))).toEqual([]);
    }
  });
});

describe('a socket', () => {
  beforeEach(async () => {
    broker = await TestBroker.start(YAML.replace(/^groups:.*$/m, ''), directory);
  });

  it('of viewers shows, and changes and opens nothing', async () => {
    const session = await broker.attach('web');
    expect(results(await session.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    const viewer = broker.viewClient();
    const { mappings } = await viewer.call<barkeep.v1.ListMappingsResponse>('listMappings', { vm: 'web' });
    expect(mappings?.length).toBe(1);
    const evict = await viewer.refusal('evictVm', { vm: 'web', force: true });
    expect([evict.reason, evict.data['role']]).toEqual(['ROLE_FORBIDDEN', 'viewers']);
    expect(evict.message).toContain('it is served to operators');
    expect((await viewer.refusal('openBlob', { vm: 'web', resourceId: 1 })).reason).toBe('ROLE_FORBIDDEN');
    expect(countFromWire((await broker.vm('web')).mappings)).toBe(1);
  });

  it('of operators opens nothing, and that of memory evicts nobody', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0));
    const opened = await broker.adminClient().refusal('openBlob', { vm: 'web', resourceId: 1 });
    expect([opened.reason, opened.message]).toEqual([
      'ROLE_FORBIDDEN',
      expect.stringContaining('it is served to memory'),
    ]);
    const evicted = await broker.memoryClient().refusal('evictVm', { vm: 'web', force: true });
    expect(evicted.reason).toBe('ROLE_FORBIDDEN');
  });
});

describe('every call of AdminService', () => {
  beforeEach(async () => {
    broker = await TestBroker.start(YAML.replace(/^groups:.*$/m, ''), directory);
  });

  it('is served to some role; one that no role has is served to nobody', () => {
    const proto = readFileSync(new URL('../../proto/barkeep/v1/admin.proto', import.meta.url), 'utf8');
    const names = [...proto.matchAll(/^ {2}rpc (\w+)\(/gm)].map(
      ([, name = '']) => name[0]?.toLowerCase() + name.slice(1),
    );
    expect(names.length).toBeGreaterThan(10);
    const handler = () => undefined;
    const implementation = Object.fromEntries([...names, 'inventedLater'].map((name) => [name, handler]));
    const roles = (['viewers', 'operators', 'memory'] as const).map((role) => servedTo(role, implementation));
    const served = names.filter((name) => roles.some((calls) => calls[name] === handler));
    expect(served).toEqual(names);
    expect(roles.map((calls) => calls['inventedLater'] === handler)).toEqual([false, false, false]);
  });

  it('has its sockets in the run directory', () => {
    const { viewSocket, adminSocket, memorySocket } = runDirectoryPaths(directory);
    for (const path of [viewSocket, adminSocket, memorySocket]) expect(statSync(path).isSocket()).toBe(true);
  });
});
