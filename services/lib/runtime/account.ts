// Users and groups by name, as the host knows them: its own files first, then whatever else NSS asks (LDAP, systemd's dynamic users), through getent(1)
// where that is there. A container without getent has its files.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const DATABASES = {
  user: { database: 'passwd', file: '/etc/passwd' },
  group: { database: 'group', file: '/etc/group' },
} as const;

export type AccountKind = keyof typeof DATABASES;

/** useradd(8): what the distributions take for a name, in its widest form. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,254}\$?$/;
/** Linux refuses 2^32 - 1, which means "no change" to chown(2). */
const LARGEST_ID = 2 ** 32 - 2;
const GETENT_TIMEOUT_MS = 5000;

/** A user or a group of the host, by name or by number. */
export type Account = string | number;

/** Whether a value can name an account of some host. */
export function isAccount(value: unknown): value is Account {
  return typeof value === 'number' ? isId(value) : typeof value === 'string' && NAME.test(value);
}

/** The number of an account of this host; null when it has none of that name. A number need not be anybody's. */
export function accountId(kind: AccountKind, value: Account): number | null {
  if (!isAccount(value)) return null;
  if (typeof value === 'number') return value;
  const { database, file } = DATABASES[kind];
  return idIn(readIfThere(file), value) ?? idIn(getent(database, value), value);
}

function isId(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= LARGEST_ID;
}

/** passwd(5) and group(5) have the number in the same, third field. */
function idIn(text: string, name: string): number | null {
  const fields = text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
  const id = /^[0-9]+$/.test(fields?.[2] ?? '') ? Number(fields?.[2]) : -1;
  return isId(id) ? id : null;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function getent(database: string, name: string): string {
  try {
    return execFileSync('getent', [database, name], {
      encoding: 'utf8',
      timeout: GETENT_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    // No such program, or no such name (exit code 2).
    return '';
  }
}
