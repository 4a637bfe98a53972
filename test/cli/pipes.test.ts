// The built program at the end of real pipes: an answer is whole however long it is and however slow its reader, and a reader that leaves
// ends the program quietly. Lists are as long as those of a large host: 1,000 VMs, 100,000 mappings.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { peakResidentBytes } from '../support/processes.ts';
import { stays, until } from '../support/until.ts';
import { CacheType, type FakeBroker, Placement, paged, startFakeBroker, VmState } from './fake-broker.ts';

const CLI = resolve(import.meta.dirname, '../../dist/services/cli/main.js');
const MIB = 1024 ** 2;
/** What a pipe holds (pipe(7)): shorter answers are whole whatever the program does. */
const PIPE_BYTES = 64 * 1024;

const VMS = Array.from({ length: 1000 }, (_, index) => ({
  name: `vm-${index}`,
  state: VmState.VM_STATE_ATTACHED,
  placement: Placement.PLACEMENT_WINDOW,
  windowSize: 1024 * MIB,
  defaultHeap: 'ram',
}));
const MAPPINGS = Array.from({ length: 100_000 }, (_, index) => ({
  vm: `vm-${index % 1000}`,
  resourceId: index + 1,
  offset: index * 4096,
  size: 4096,
  cache: CacheType.CACHE_TYPE_CACHED,
  heap: 'ram',
}));

let broker: FakeBroker | null = null;
afterEach(() => {
  broker?.close();
  broker = null;
});

async function startLargeHost(): Promise<void> {
  broker = await startFakeBroker({
    listVms: paged('vms', VMS, 1000),
    listMappings: paged('mappings', MAPPINGS, 1000),
  });
}

type Outcome = { readonly out: string; readonly error: string };

/** Runs a line of bash, in which $BARKEEP is the program, asked of the fake broker. */
async function shell(line: string): Promise<Outcome> {
  const child = spawn('bash', ['-c', line], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      BARKEEP: `${process.execPath} ${CLI}`,
      BARKEEP_RUN_DIRECTORY: broker?.directory ?? '/nowhere',
    },
  });
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text;
  });
  await once(child, 'close');
  return { out, error };
}

const EXIT_CODE = `echo "\${PIPESTATUS[0]}" >&2`;

describe('an answer is whole', () => {
  test('for a reader that counts its lines', async () => {
    await startLargeHost();
    expect(await shell(`$BARKEEP map list | wc -l; ${EXIT_CODE}`)).toEqual({ out: '100001\n', error: '0\n' });
    expect(await shell(`$BARKEEP vm list | wc -l; ${EXIT_CODE}`)).toEqual({ out: '1001\n', error: '0\n' });
  });

  test('as JSON', async () => {
    await startLargeHost();
    const vms = await shell(`$BARKEEP vm list --json | cat; ${EXIT_CODE}`);
    expect(vms.error).toBe('0\n');
    expect(vms.out.length).toBeGreaterThan(4 * PIPE_BYTES);
    expect((JSON.parse(vms.out) as { name: string }[]).map(({ name }) => name)).toEqual(
      VMS.map(({ name }) => name),
    );
    const mappings = JSON.parse((await shell('$BARKEEP map list --json | cat')).out) as {
      resourceId: number;
    }[];
    expect(mappings.map(({ resourceId }) => resourceId)).toEqual(
      MAPPINGS.map(({ resourceId }) => resourceId),
    );
  });

  test('for a reader that does not read for a while', async () => {
    await startLargeHost();
    const { out, error } = await shell(`$BARKEEP map list | (sleep 1; wc -l); ${EXIT_CODE}`);
    expect([out, error]).toEqual(['100001\n', '0\n']);
  });

  test('when it is a message: what is wrong with a long configuration', async () => {
    const vms = Array.from(
      { length: 2000 },
      (_, index) => `  - { name: vm-${index}, window: 15MiB, heap: no }`,
    );
    const line = `printf '%s\\n' 'heaps: []' 'vms:' ${vms.map((vm) => `'${vm}'`).join(' ')} > "$F"`;
    const { out } = await shell(
      `F=$(mktemp); ${line}; $BARKEEP config check "$F" 2>&1 >/dev/null | (sleep 0.5; tail -n 1); rm "$F"`,
    );
    expect(out).toMatch(/:2002:\d+: vms\[1999\]/);
  });

  test('and is fetched as it is read: a list is not held as a whole', async () => {
    await startLargeHost();
    const child = spawn(process.execPath, [CLI, 'map', 'list', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, BARKEEP_RUN_DIRECTORY: broker?.directory },
    });
    try {
      // Nobody reads yet: the first page fills the pipe.
      await until('the first page is asked for', () => (broker?.asked.length ?? 0) > 0);
      await stays('few pages are asked for', () => (broker?.asked.length ?? 0) < 5, 1000);
      child.stdout.resume();
      let highest = 0;
      const hasEnded = (): boolean => {
        if (child.exitCode !== null || child.signalCode !== null) return true;
        try {
          highest = Math.max(highest, peakResidentBytes(child.pid as number));
        } catch {
          // Nothing is known of one that has just ended.
        }
        return false;
      };
      await until('the program has ended', hasEnded, { every: 20 });
      expect(child.exitCode).toBe(0);
      expect(broker?.asked).toHaveLength(100);
      // The list as text alone is 17 MB, as objects more than 60 MB. A Node that has loaded gRPC has about 90 MiB.
      expect(highest).toBeLessThan(160 * MIB);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('or it failed: a full disk is no success', async () => {
    await startLargeHost();
    const { error } = await shell('$BARKEEP vm list >/dev/full; echo "$?" >&2');
    expect(error).toBe('barkeep: write the answer to stdout: ENOSPC: no space left on device, write\n1\n');
  });
});

describe('a reader that leaves', () => {
  test.each([
    'map list',
    'map list --json',
    'vm list --json',
  ])('ends %s quietly, as SIGPIPE ends others', async (verb) => {
    await startLargeHost();
    const { out, error } = await shell(`$BARKEEP ${verb} | head -n 1; ${EXIT_CODE}`);
    expect(out.split('\n')).toHaveLength(2);
    expect(error).toBe('141\n');
    // What nobody reads is not asked for.
    expect(broker?.asked.length).toBeLessThan(5);
  });

  test('before the first word ends help quietly too', async () => {
    for (const verb of ['--help', 'keep --help', 'version']) {
      const { out, error } = await shell(`(sleep 0.3; exec $BARKEEP ${verb}) | true; ${EXIT_CODE}`);
      expect([verb, out, error]).toEqual([verb, '', '141\n']);
    }
  });
});

describe('with --json an error is JSON', () => {
  const parse = ({ out, error }: Outcome): object => {
    expect(out).toBe('');
    return (JSON.parse(error) as { error: object }).error;
  };

  test('without a broker', async () => {
    expect(parse(await shell('$BARKEEP vm list --json'))).toEqual({
      message:
        'vm list: /nowhere/admin.sock does not exist; is the broker running? Start it with `barkeep up`, or name its run directory with --run-directory',
      exitCode: 4,
      reason: null,
      problems: [],
    });
  });

  test('that the broker has a reason for', async () => {
    const refuse = (): never => {
      throw new StatusError('VM_UNKNOWN', 'there is no VM "web-9"');
    };
    broker = await startFakeBroker({ getVm: refuse });
    expect(parse(await shell('$BARKEEP vm show web-9 --json'))).toMatchObject({
      message: 'vm show web-9: there is no VM "web-9" (VM_UNKNOWN)',
      exitCode: 3,
      reason: 'VM_UNKNOWN',
    });
  });

  test('of a command line', async () => {
    expect(parse(await shell('$BARKEEP vm lst -j'))).toMatchObject({
      message: "unknown command 'lst'\n(Did you mean list?)",
      exitCode: 2,
    });
    expect(parse(await shell('$BARKEEP --json'))).toMatchObject({
      message: 'no verb; see barkeep --help',
      exitCode: 2,
    });
  });

  test('of a configuration, beside the answer', async () => {
    const { out, error } = await shell(
      'F=$(mktemp); echo "vms: [{ name: a, window: 1GiB }]" > "$F"; $BARKEEP config check "$F" --json; rm "$F"',
    );
    const { problems } = (JSON.parse(error) as { error: { problems: object[] } }).error;
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.parse(out)).toMatchObject({ ok: false, problems });
  });

  test('and a list that breaks off is no JSON, so that it is not taken for whole', async () => {
    const pages = paged('mappings', MAPPINGS, 1000);
    broker = await startFakeBroker({
      listMappings: (request) => {
        if (Number(request['pageToken']) >= 3000) throw new StatusError('SHUTTING_DOWN', 'the broker stops');
        return pages(request);
      },
    });
    const { out, error } = await shell('$BARKEEP map list --json');
    expect(() => JSON.parse(out)).toThrow();
    expect(JSON.parse(error)).toMatchObject({ error: { reason: 'SHUTTING_DOWN', exitCode: 4 } });
  });
});
