// What may not grow, however often processes die: descriptors, mappings and memory of everything that has a part in a VM.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { CheckFailure } from '../guest/scenario/check.ts';
import { NODE_WATCHES, openDescriptors } from '../guest/scenario/service.ts';
import type { Session } from '../guest/scenario/session.ts';
import { until } from '../support/until.ts';
import type { Victim } from './victim.ts';

/** What a process has. */
type Holdings = {
  readonly descriptors: readonly string[];
  /** Mappings of memfds and heap files, by the kernel's list. */
  readonly mappings: number;
  /** Bytes that the memfds really take, each file once. */
  readonly memory: number;
};

export type HostHoldings = Readonly<Record<string, Holdings>>;

export type Parts = {
  readonly session: Session;
  readonly broker: Victim;
  readonly frontend: Victim;
};

/** Bytes of pages that a state file, a journal or an inbox may have touched more than before. */
const SLACK_BYTES = 4 * 1024 * 1024;

/** Of everything that has a part in the VM, once it stays the same for a moment. */
export async function holdingsOf(parts: Parts): Promise<HostHoldings> {
  let last = '';
  return until(
    'what the host holds stays the same',
    () => {
      const next = readAll(parts);
      const isSame = JSON.stringify(next) === last;
      last = JSON.stringify(next);
      return isSame ? next : null;
    },
    { every: 100 },
  );
}

/** Throws CheckFailure naming all that is there now and was not before. Less is no leak. */
export function expectNoMore(before: HostHoldings, after: HostHoldings): void {
  const problems = Object.entries(after).flatMap(([whose, found]) => {
    const had = before[whose];
    if (had === undefined) return [`${whose} was not looked at before`];
    const more = difference(found.descriptors, [...had.descriptors, NODE_WATCHES]);
    return [
      ...(more.length > 0 ? [`descriptors that ${whose} did not have before: ${count(more)}`] : []),
      ...(found.mappings > had.mappings
        ? [`${whose} has ${found.mappings} mappings of memory files, before ${had.mappings}`]
        : []),
      ...(found.memory > had.memory + SLACK_BYTES
        ? [`memory files of ${whose} take ${found.memory} bytes, before ${had.memory}`]
        : []),
    ];
  });
  if (problems.length > 0) throw new CheckFailure(problems.join('\n'));
}

/** For a line of the report. */
export function describeHoldings(holdings: HostHoldings): string {
  return Object.entries(holdings)
    .map(
      ([whose, { descriptors, mappings, memory }]) =>
        `${whose}: ${descriptors.length} descriptors, ${mappings} mappings, ${(memory / 2 ** 20).toFixed(1)} MiB`,
    )
    .join('; ');
}

/** The other end of this is the frontend: the same sockets before and after mean that QEMU was never disconnected. */
export function socketsOf(pid: number): string {
  return linksOf(pid)
    .map(({ target }) => target)
    .filter((target) => target.startsWith('socket:'))
    .sort()
    .join(' ');
}

function readAll({ session, broker, frontend }: Parts): HostHoldings {
  return {
    broker: holdings(broker.pid),
    "the broker's keeper": holdings(broker.service.pid),
    frontend: holdings(frontend.pid),
    "the frontend's keeper": holdings(frontend.service.pid),
    QEMU: holdings(session.guest.pid),
  };
}

function holdings(pid: number): Holdings {
  const memfds = linksOf(pid).filter(({ target }) => target.startsWith('/memfd:'));
  const bytes = new Map(memfds.flatMap(({ fd }) => bytesOf(pid, fd)));
  return {
    descriptors: openDescriptors(pid),
    mappings: readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .filter((line) => /memfd:|shared-heap|spare-heap/.test(line)).length,
    memory: [...bytes.values()].reduce((sum, more) => sum + more, 0),
  };
}

function linksOf(pid: number): readonly { readonly fd: string; readonly target: string }[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [{ fd, target: readlinkSync(`/proc/${pid}/fd/${fd}`) }];
    } catch {
      return []; // closed meanwhile
    }
  });
}

// [inode, bytes], of one that is still open.
function bytesOf(pid: number, fd: string): readonly (readonly [number, number])[] {
  try {
    const { ino, blocks } = statSync(`/proc/${pid}/fd/${fd}`);
    return [[ino, blocks * 512]];
  } catch {
    return [];
  }
}

function difference(found: readonly string[], had: readonly string[]): readonly string[] {
  const more = [...found];
  for (const name of had) {
    const index = more.indexOf(name);
    if (index >= 0) more.splice(index, 1);
  }
  return more;
}

function count(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, times]) => `${times} of ${name}`).join(', ');
}
