// Writes the archive that the kernel takes as an initramfs: cpio's "newc" format (the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst). Written here because a device node in a real file system
// would need root, and a line in an archive does not.

export type CpioEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'character-device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

// File types of stat(2)'s st_mode.
const FILE_TYPE = { file: 0o100000, directory: 0o040000, 'character-device': 0o020000 } as const;
const TRAILER: CpioEntry = { kind: 'file', path: 'TRAILER!!!', mode: 0, content: new Uint8Array() };

/** Paths are relative to the root and have no leading slash; a directory comes before what is in it. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat([...entries, TRAILER].flatMap((entry, index) => writeEntry(entry, index + 1)));
}

function writeEntry(entry: CpioEntry, inode: number): Uint8Array[] {
  const content = entry.kind === 'file' ? entry.content : new Uint8Array();
  const [major, minor] = entry.kind === 'character-device' ? [entry.major, entry.minor] : [0, 0];
  const name = Buffer.from(`${entry.path}\0`);
  const links = entry.kind === 'directory' ? 2 : 1;
  const fields = [
    ...[inode, FILE_TYPE[entry.kind] | entry.mode, 0, 0, links, 0, content.length],
    ...[0, 0, major, minor, name.length, 0],
  ];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length), content, padding(content.length)];
}

// Header with name, and content, are each padded to 4 bytes.
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
