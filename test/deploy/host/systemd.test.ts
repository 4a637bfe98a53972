// The units under a real systemd as process 1 of a fresh Debian 13, installed as deploy/README.md says, with guests at their frontends.
import { cp, readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { missingPrograms } from '../command.ts';
import { UNITS } from '../manifests.ts';
import { builtCheckout } from './checkout.ts';
import { commandBlocks } from './document.ts';
import { GuestLoad } from './guest-load.ts';
import { fetchLayers, MACHINE_PROGRAMS, Machine } from './machine.ts';

const BROKER = 'barkeep-broker.service';
const METRICS = 'barkeep-metrics.service';
const VMS = ['vm-a', 'vm-b'] as const;
const [WINDOW, PER_BLOB] = VMS.map((vm) => `barkeep-frontend@${vm}.service`) as [string, string];
const CONFIG = '/etc/barkeep/barkeep.yaml';
const CHECKOUT = '/root/barkeep';

// Everywhere but in CI, a machine that cannot do this leaves it to one that can.
const isPossible =
  process.env['CI'] === 'true' ||
  (process.getuid?.() === 0 && missingPrograms([...MACHINE_PROGRAMS, 'setpriv', 'nsenter']).length === 0);

describe.skipIf(!isPossible)('systemd', () => {
  let machine: Machine;
  let guests: readonly GuestLoad[] = [];

  beforeAll(async () => {
    const [build = ''] = await commandBlocks('systemd');
    const [layers, checkout] = await Promise.all([fetchLayers(), builtCheckout(build)]);
    try {
      machine = await Machine.boot([layers.base]);
      // Below /root, which the units do not see.
      await cp(checkout, machine.path(CHECKOUT), { recursive: true, verbatimSymlinks: true });
    } finally {
      await rm(checkout, { recursive: true });
    }
  }, 600_000);

  afterAll(async () => {
    for (const guest of guests) guest.close();
    await machine?.stop();
  });

  async function active(unit: string): Promise<void> {
    await until(`${unit} is active`, async () => (await machine.show(unit, 'ActiveState')) === 'active', {
      within: 90_000,
      every: 100,
    });
  }

  const stored = async (unit: string): Promise<number> =>
    Number(await machine.show(unit, 'NFileDescriptorStore'));
  const fetched = (url: string): Promise<string> =>
    machine.run(`node -e "fetch('${url}').then((r) => r.text()).then((t) => process.stdout.write(t))"`);

  /** What `disturb` does is followed by a new process of the unit, and no guest notices more than a pause. */
  async function replaced(unit: string, disturb: string): Promise<void> {
    const before = await machine.show(unit, 'MainPID');
    await machine.run(disturb);
    await until(
      `${unit} has a new process after ${disturb}`,
      async () => {
        const [pid, state] = [await machine.show(unit, 'MainPID'), await machine.show(unit, 'ActiveState')];
        return state === 'active' && pid !== before && pid !== '0';
      },
      { within: 90_000, every: 100 },
    );
    await Promise.all(guests.map((guest) => guest.goesOn()));
    expect(guests.flatMap(({ problems }) => problems)).toEqual([]);
  }

  test('the steps of deploy/README.md start broker, metrics and a frontend', async () => {
    const [, steps = ''] = await commandBlocks('systemd');
    expect(steps).toContain('systemctl enable --now');
    await machine.run(steps, { directory: CHECKOUT });
    for (const unit of [BROKER, METRICS, WINDOW]) await active(unit);
    expect(await fetched('http://127.0.0.1:9464/readyz')).toBe('{"status":"ready"}');
    const answer = JSON.parse(await machine.run('barkeep vm list --json')) as { name: string }[];
    expect(JSON.stringify(answer)).toContain('vm-a');
  });

  test('verify of this systemd knows every setting of the units', async () => {
    const paths = [...UNITS.map((unit) => unit.replace('@.', '@vm-a.')), 'barkeep.target'];
    expect(await machine.run(`systemd-analyze verify --man=no ${paths.join(' ')}`)).toBe('');
  });

  test('metrics listen where the configuration says: nowhere else by default, everywhere when it is asked', async () => {
    const listening = async (): Promise<string | undefined> => {
      const table = await readFile(machine.path('/proc/1/net/tcp'), 'utf8');
      // Port 9464, state LISTEN.
      return table.match(/ ([0-9A-F]{8}):24F8 \S+ 0A /)?.[1];
    };
    expect(await listening()).toBe('0100007F');
    await machine.run(`echo 'metrics: { listen: "0.0.0.0:9464" }' >>${CONFIG}; systemctl restart ${METRICS}`);
    await active(METRICS);
    expect(await listening()).toBe('00000000');
    expect(await fetched('http://127.0.0.1:9464/metrics')).toContain('barkeep_up 1');
  });

  test('a guest of each placement finds its device', async () => {
    // On a busy machine a successor may take its time: what a guest is told then is another test's affair.
    await machine.run(`echo 'frontend: { answer_timeout: 60s }' >>${CONFIG}; systemctl restart ${WINDOW}`);
    await machine.run(`systemctl enable --now ${PER_BLOB}`);
    guests = await Promise.all(
      VMS.map((vm) => GuestLoad.attach(machine.path(`/run/barkeep-vhost-user/${vm}.sock`))),
    );
    for (const guest of guests) guest.start();
    await Promise.all(guests.map((guest) => guest.goesOn()));
    for (const unit of [BROKER, WINDOW, PER_BLOB]) expect(await stored(unit)).toBeGreaterThan(0);
  });

  test('status says what each does', async () => {
    const expected = new Map([
      [BROKER, 'serving: 2 of 2 VMs attached'],
      [METRICS, 'serving http://0.0.0.0:9464/metrics'],
      [WINDOW, 'serving a VMM'],
      [PER_BLOB, 'serving a VMM'],
    ]);
    for (const [unit, text] of expected) {
      await until(`${unit} tells its status`, async () => (await machine.show(unit, 'StatusText')) === text, {
        every: 200,
        found: () => text,
      });
    }
    expect(await machine.run(`systemctl status ${BROKER}`)).toContain(
      'Status: "serving: 2 of 2 VMs attached"',
    );
  });

  test('guests notice neither kill -9 three times each, nor restarts, nor daemon-reexec', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (const unit of [BROKER, WINDOW, PER_BLOB])
        await replaced(unit, `systemctl kill --signal KILL ${unit}`);
    }
    for (const unit of [BROKER, WINDOW, PER_BLOB]) await replaced(unit, `systemctl restart ${unit}`);
    await machine.run('systemctl daemon-reexec');
    for (const unit of [BROKER, WINDOW, PER_BLOB])
      await replaced(unit, `systemctl kill --signal KILL ${unit}`);
    await replaced(BROKER, `systemctl stop ${BROKER} && systemctl start ${BROKER}`);
    for (const guest of guests) await guest.pause();
    for (const guest of guests) guest.checkKept();
    expect(guests.flatMap(({ problems }) => problems)).toEqual([]);
    console.log(`guest operations: ${guests.map(({ operations }) => operations).join(' + ')}, 0 wrong`);
  }, 300_000);

  test('a unit that cannot be started is failed soon, keeps what it holds, and goes on when it is mended', async () => {
    const units = [BROKER, WINDOW];
    const held = await Promise.all(units.map(stored));
    await machine.run('mv /usr/bin/barkeep /usr/bin/away');
    try {
      await machine.run(`systemctl kill --signal KILL ${units.join(' ')}`);
      for (const unit of units) {
        await until(`${unit} is failed`, async () => (await machine.show(unit, 'ActiveState')) === 'failed', {
          within: 120_000,
          every: 200,
        });
      }
    } finally {
      await machine.run('mv /usr/bin/away /usr/bin/barkeep');
    }
    expect(await Promise.all(units.map(stored))).toEqual(held);
    await machine.run(`systemctl reset-failed ${units.join(' ')}; systemctl start ${units.join(' ')}`);
    for (const unit of units) await active(unit);
    await guestsGoOn();
  }, 240_000);

  test('a mistake in the configuration costs no VM', async () => {
    const held = await stored(BROKER);
    await machine.run(`cp ${CONFIG} /root/good.yaml; sed -i 's/^vms:/vmss:/' ${CONFIG}`);
    await machine.run(`systemctl kill --signal KILL ${BROKER}`);
    await until(
      'the broker has read the mistake',
      async () => /vmss/.test(await machine.run(`journalctl --boot --output cat --unit ${BROKER}`)),
      { within: 90_000, every: 200 },
    );
    expect(await stored(BROKER)).toBe(held);
    await active(BROKER);
    await until(
      'the status tells of the mistake',
      async () => /configuration file is wrong/.test(await machine.show(BROKER, 'StatusText')),
      { every: 200 },
    );
    await machine.run(
      `cp /root/good.yaml ${CONFIG}; systemctl reset-failed ${BROKER}; systemctl start ${BROKER}`,
    );
    await active(BROKER);
    await guestsGoOn();
  });

  test('a service that is stopped, and so silent, is replaced', async () => {
    const units = [BROKER, METRICS, WINDOW];
    const pids = await Promise.all(units.map((unit) => machine.show(unit, 'MainPID')));
    await machine.run(`systemctl kill --signal STOP ${units.join(' ')}`);
    await Promise.all(
      units.map((unit, index) =>
        until(
          `the watchdog replaces ${unit}`,
          async () =>
            (await machine.show(unit, 'ActiveState')) === 'active' &&
            ![pids[index], '0'].includes(await machine.show(unit, 'MainPID')),
          { within: 90_000, every: 500 },
        ),
      ),
    );
    expect(await machine.run(`journalctl --boot --unit ${BROKER}`)).toContain('Watchdog timeout');
    await guestsGoOn();
  });

  test('the journal knows the priority of each line', async () => {
    const text = await machine.run(`journalctl --boot --output json --unit 'barkeep-*'`);
    const own = text
      .split('\n')
      .map((line) => JSON.parse(line) as { PRIORITY: string; MESSAGE: string; _COMM: string })
      .filter(({ _COMM: program }) => !program.startsWith('systemd') && program !== '(barkeep)');
    const priorities: Record<string, string> = { info: '6', warn: '4', error: '3' };
    const levels = new Set<string>();
    for (const { PRIORITY: priority, MESSAGE: message } of own) {
      if (!message.startsWith('{')) continue;
      const { level } = JSON.parse(message) as { level: string };
      levels.add(level);
      expect([level, priority]).toEqual([level, priorities[level]]);
    }
    expect(levels).toContain('info');
    expect(levels).toContain('warn');
    // "barkeep: …", why it did not start.
    const plain = own.filter(({ MESSAGE: message }) => message.startsWith('barkeep: '));
    for (const { PRIORITY: priority } of plain) expect(priority).toBe('3');
    expect(own.filter(({ MESSAGE: message }) => message.startsWith('<'))).toEqual([]);
    const grave = await machine.run(`journalctl --boot --priority warning --output cat --unit 'barkeep-*'`);
    expect(grave).not.toContain('"level":"info"');
    expect(grave).toContain('"level":"warn"');
  });

  test('what is given up is gone: a stopped frontend, a cleaned store', async () => {
    for (const guest of guests) guest.close();
    guests = [];
    await machine.run(`systemctl stop ${WINDOW} ${PER_BLOB}`);
    expect([await stored(WINDOW), await stored(PER_BLOB)]).toEqual([0, 0]);
    await machine.run(`systemctl stop ${BROKER}`);
    await machine.run(`systemctl clean --what=fdstore ${BROKER}`);
    expect(await stored(BROKER)).toBe(0);
  });

  test('a frontend without a broker says what it waits for', async () => {
    // Alone: it would have the broker started.
    await machine.run(`systemctl start --no-block --job-mode=ignore-dependencies ${WINDOW}`);
    await until(
      'the frontend tells what it waits for',
      async () => (await machine.show(WINDOW, 'StatusText')) === 'waiting for the broker',
      { every: 200 },
    );
    expect(await machine.show(WINDOW, 'ActiveState')).toBe('activating');
    await machine.run(`systemctl start ${BROKER}`);
    await active(WINDOW);
  });

  async function guestsGoOn(): Promise<void> {
    for (const guest of guests) guest.start();
    await Promise.all(guests.map((guest) => guest.goesOn()));
    for (const guest of guests) await guest.pause();
    for (const guest of guests) guest.checkKept();
    expect(guests.flatMap(({ problems }) => problems)).toEqual([]);
  }
});
