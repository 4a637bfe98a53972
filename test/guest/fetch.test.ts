import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from '../../services/lib/os/lock.ts';
import { cacheDirectory, environmentDirectory, findEnvironment, requireEnvironment } from './environment.ts';
import { fetchEnvironment } from './fetch.ts';

describe('the cache directory', () => {
  it.each([
    { env: { BARKEEP_CACHE: '/c', XDG_CACHE_HOME: '/x' }, expected: /^\/c$/ },
    { env: { XDG_CACHE_HOME: '/x' }, expected: /^\/x\/barkeep$/ },
    { env: {}, expected: /\/\.cache\/barkeep$/ },
  ])('$env', ({ env, expected }) => {
    expect(cacheDirectory(env)).toMatch(expected);
  });
});

describe('fetchEnvironment', () => {
  let cache: string;

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'barkeep-fetch-'));
  });

  afterEach(() => rmSync(cache, { recursive: true }));

  it('leaves a complete cache alone, wherever it was copied to', async () => {
    mkdirSync(environmentDirectory(cache));
    const manifest = { qemuVersion: '11.1.3', kernelRelease: '7.3', kernel: 'vmlinux', modules: ['drm.ko'] };
    writeFileSync(join(environmentDirectory(cache), 'environment.json'), JSON.stringify(manifest));

    const environment = await fetchEnvironment({ cache, mirror: 'http://127.0.0.1:1/unused' });

    expect(environment.kernel).toBe(join(environmentDirectory(cache), 'vmlinux'));
    expect(environment.modules).toEqual([join(environmentDirectory(cache), 'modules/drm.ko')]);
    expect(readdirSync(cache)).toEqual(['guest-1']);
  });

  it('says what to do when the mirror has nothing, and leaves no half environment', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`;

    const fetching = fetchEnvironment({ cache, mirror });

    await expect(fetching).rejects.toMatchObject({
      name: 'GuestEnvironmentError',
      message: expect.stringMatching(/Could not fetch from .*BARKEEP_DEBIAN_MIRROR.*BARKEEP_CACHE[\s\S]*404/),
    });
    expect(findEnvironment(cache)).toBeNull();
    expect(existsSync(environmentDirectory(cache))).toBe(false);
    expect(() => requireEnvironment(cache)).toThrow(/npm run guest:fetch/);
    server.close();
  });

  it('does not start beside another fetch', async () => {
    const lock = openSync(join(cache, 'fetch.lock'), 'w');
    tryLock(lock);

    const fetching = fetchEnvironment({ cache, mirror: 'http://127.0.0.1:1/unused' });

    await expect(fetching).rejects.toThrow(/Another fetch/);
    closeSync(lock);
  });
});
