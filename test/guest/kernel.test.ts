import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractVmlinux, moduleDependencies } from './kernel.ts';

// A bzImage of one boot sector, one setup sector, 16 bytes in front of the payload, and the unpacked size behind it.
function bzImage(payload: Buffer): Buffer {
  const head = Buffer.alloc(2 * 512);
  head.writeUInt8(1, 0x1f1);
  head.write('HdrS', 0x202, 'latin1');
  head.writeUInt32LE(16, 0x248);
  head.writeUInt32LE(payload.length + 4, 0x24c);
  return Buffer.concat([head, Buffer.alloc(16), payload, Buffer.alloc(4), Buffer.from('what follows')]);
}

describe('extractVmlinux', () => {
  it('unpacks the payload', async () => {
    const elf = Buffer.from('\x7fELF and the rest', 'latin1');

    expect(await extractVmlinux(bzImage(gzipSync(elf)), '/unused')).toEqual(elf);
  });

  it('gives null for a compression it does not know, and for a payload that is no ELF file', async () => {
    expect(await extractVmlinux(bzImage(Buffer.from('BZh9 something')), '/unused')).toBeNull();
    expect(await extractVmlinux(bzImage(gzipSync(Buffer.from('not ELF'))), '/unused')).toBeNull();
  });

  it('refuses what is no bzImage', async () => {
    await expect(extractVmlinux(Buffer.alloc(4096), '/unused')).rejects.toThrow(/no bzImage/);
  });
});

describe('moduleDependencies', () => {
  it.each([
    {
      section: 'license=GPL\0depends=drm,virtio-dma-buf\0name=virtio_gpu\0',
      expected: ['drm', 'virtio_dma_buf'],
    },
    { section: 'license=GPL\0depends=\0name=drm\0', expected: [] },
    { section: 'license=GPL\0name=odd\0', expected: [] },
  ])('$section', ({ section, expected }) => {
    expect(moduleDependencies(Buffer.from(`\x7fELF\0${section}`, 'latin1'))).toEqual(expected);
  });
});
