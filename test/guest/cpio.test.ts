import { describe, expect, it } from 'vitest';
import { writeCpio } from './cpio.ts';

describe('writeCpio', () => {
  it('writes headers, names and contents as the kernel expects them', () => {
    const archive = writeCpio([
      { kind: 'directory', path: 'dev', mode: 0o755 },
      { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
      { kind: 'file', path: 'init', mode: 0o755, content: Buffer.from('12345') },
    ]).toString('latin1');

    const header = (...fields: number[]) =>
      `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    // inode, mode, uid, gid, links, mtime, size, device major and minor, rdevice major and minor, name length, check
    expect(archive.startsWith(`${header(1, 0o40755, 0, 0, 2, 0, 0, 0, 0, 0, 0, 4, 0)}dev\0`)).toBe(true);
    expect(archive).toContain(`${header(2, 0o20600, 0, 0, 1, 0, 0, 0, 0, 5, 1, 12, 0)}dev/console\0`);
    expect(archive).toContain(`${header(3, 0o100755, 0, 0, 1, 0, 5, 0, 0, 0, 0, 5, 0)}init\0`);
    expect(archive).toContain('init\0\0' + '12345\0\0\0');
    expect(archive).toContain('TRAILER!!!\0');
    expect(archive.length % 4).toBe(0);
  });
});
