// The contract, proven by a client that shares no code with us: Python on Debian's packages.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { TestBroker } from '../broker/harness.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PYTHON = '/usr/bin/python3';
/** apt-get install python3-grpcio protobuf-compiler protobuf-compiler-grpc libprotobuf-dev */
const PLUGIN = spawnSync('sh', ['-c', 'command -v grpc_python_plugin'], { encoding: 'utf8' }).stdout.trim();
const installed =
  PLUGIN !== '' &&
  existsSync('/usr/include/google/protobuf/any.proto') &&
  spawnSync('protoc', ['--version']).status === 0 &&
  spawnSync(PYTHON, ['-c', 'import grpc, google.protobuf']).status === 0;

const CONFIG = `
heaps: [{ name: ram, backing: memfd, cache: cached, capacity: 64MiB }]
vms:
  - { name: blobs, window: 16MiB, heap: ram, placement: per-blob }
  - { name: window, window: 16MiB, heap: ram }
`;

// A machine that runs our checks has the packages; anybody else may do without.
describe.skipIf(!installed && process.env['CI'] !== 'true')('the contract, as Python sees it', () => {
  let generated: string;
  let broker: TestBroker | null = null;
  beforeAll(() => {
    generated = mkdtempSync(join(tmpdir(), 'barkeep-python-'));
    generate(generated);
  });
  afterEach(async () => {
    await broker?.end();
  });
  afterAll(() => rmSync(generated, { recursive: true, force: true }));

  it('does the life of a blob, by unary calls and by a session, and sees the bytes that others see', async () => {
    const running = await TestBroker.start(CONFIG);
    broker = running;
    const script = join(ROOT, 'test/contract/client.py');
    const child = spawn(PYTHON, [script, generated, running.directory, 'blobs', 'window'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let problems = '';
    child.stderr.on('data', (text) => {
      problems += text;
    });
    const exited = new Promise((done) => child.once('exit', done));
    const steps: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      steps.push(line);
      if (line !== 'written') continue;
      expect(await answer(running, 'blobs', 7)).toBe('hello');
      child.stdin.write('go on\n');
    }
    expect(problems).toBe('');
    expect(await exited).toBe(0);
    expect(steps).toEqual(['attached', 'written', 'refused', 'detached', 'session', 'admin']);
    expect((await running.vm('blobs')).state).toBe(barkeep.v1.VmState.VM_STATE_DETACHED);
  });
});

function generate(out: string): void {
  mkdirSync(out, { recursive: true });
  const protos = [
    'barkeep/v1/common.proto',
    'barkeep/v1/broker.proto',
    'barkeep/v1/admin.proto',
    'google/rpc/error_details.proto',
    'grpc/health/v1/health.proto',
  ];
  const { status, stderr } = spawnSync(
    'protoc',
    [
      `-I${join(ROOT, 'proto')}`,
      `--plugin=protoc-gen-grpc_python=${PLUGIN}`,
      `--python_out=${out}`,
      `--grpc_python_out=${out}`,
      ...protos,
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`protoc failed: ${stderr}`);
}

/** What a process of the host sees in a blob; it leaves an answer there. */
async function answer(broker: TestBroker, vm: string, resourceId: number): Promise<string> {
  const opener = broker.memoryClient();
  const { memory } = await opener.call<barkeep.v1.OpenBlobResponse>('openBlob', { vm, resourceId });
  const mapping = await broker.mapMemory(memory, broker.paths.memoryFdSocket);
  const bytes = mapping.bytes(4096, 5);
  const text = Buffer.from(bytes).toString('latin1');
  bytes.set(Buffer.from(text.toUpperCase()));
  mapping.close();
  return text;
}
