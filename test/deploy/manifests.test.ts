// What deploy/ promises, checked without starting anything: one image by one name, nobody is root, nothing is writable,
// no shell is needed, and every command line is one that Barkeep's command line takes.
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRICS_NODE_OPTIONS } from '../../services/cli/up.ts';
import { loadConfig } from '../../services/lib/runtime/config.ts';
import { parseBytes, parseDuration } from '../../services/lib/runtime/units.ts';
import { missingPrograms, run } from './command.ts';
import {
  commandLines,
  compose,
  DEPLOY,
  deployed,
  dockerfile,
  execForm,
  isBarkeep,
  kubernetes,
  podContainers,
  pods,
  splitKeep,
  UNITS,
  unitSettings,
} from './manifests.ts';

const REPOSITORY = join(DEPLOY, '..');
// Users and groups of the image, by number.
const USER = 65532;
const METRICS_USER = 65530;
const GROUPS = { frontends: 65531, viewers: 65529, operators: 65528, memory: 65527 };
/** The broker is a member of each: it gives each its sockets. */
const GIVEN = [GROUPS.frontends, GROUPS.viewers, GROUPS.operators, GROUPS.memory];
// Without them the checks are done by whoever has them: CI does, and must.
/** Where the metrics' own limits are, in bytes: what Node's heap may have has to fit into what the process may have. */
const HEAP = /--max-old-space-size=(\d+)/;
const missing = (programs: readonly string[]): boolean =>
  process.env['CI'] !== 'true' && missingPrograms(programs).length > 0;

describe('metrics', () => {
  test('have the same small heap wherever they are started, within their memory limit', async () => {
    const unit = new Map(await unitSettings('barkeep-metrics.service'));
    const service = (await compose()).services['metrics'];
    const pod = (await pods()).find(({ file }) => file === 'metrics.yaml')?.spec.containers[0];
    expect(unit.get('Environment')).toBe(`"NODE_OPTIONS=${METRICS_NODE_OPTIONS}"`);
    expect(service?.environment).toEqual({ NODE_OPTIONS: METRICS_NODE_OPTIONS });
    expect(pod?.env).toContainEqual({ name: 'NODE_OPTIONS', value: METRICS_NODE_OPTIONS });
    const heap = Number(HEAP.exec(METRICS_NODE_OPTIONS)?.[1]);
    const limits = [unit.get('MemoryMax'), service?.mem_limit, pod?.resources.limits['memory']];
    expect(limits.map((limit) => Number.parseInt(limit ?? '', 10) > heap)).toEqual([true, true, true]);
  });
});

describe('image', () => {
  test('starts its program without a shell', async () => {
    const started = (await dockerfile()).filter(({ name }) => ['ENTRYPOINT', 'CMD'].includes(name));
    expect(started.map(({ name }) => name).sort()).toEqual(['CMD', 'ENTRYPOINT']);
    expect(started.map(({ value }) => execForm(value))).not.toContain(undefined);
  });

  test('is put together without a shell: the last stage runs nothing', async () => {
    const instructions = await dockerfile();
    const last = Math.max(...instructions.map(({ stage }) => stage));
    expect(last).toBeGreaterThan(0);
    expect(instructions.filter(({ stage, name }) => stage === last && name === 'RUN')).toEqual([]);
  });

  test('runs as a numeric user that is not root', async () => {
    const users = (await dockerfile()).filter(({ name }) => name === 'USER').map(({ value }) => value);
    expect(users).toEqual([`${USER}:${USER}`]);
  });

  test('names its bases as build arguments', async () => {
    const from = (await dockerfile()).filter(({ name }) => name === 'FROM').map(({ value }) => value);
    expect(from.map((value) => value.replace(/[${}]/g, ''))).toEqual([
      'RUNTIME_IMAGE AS runtime',
      'BUILD_IMAGE AS build',
      'runtime',
    ]);
  });
});

describe('one image', () => {
  test('is called by the version of package.json everywhere', async () => {
    const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
      version: string;
    };
    const composed = Object.values((await compose()).services).map(({ image }) => image);
    const inPods = (await podContainers()).map(({ image }) => image);
    const { images } = await kubernetes<{ images: { name: string; newTag: string }[] }>('kustomization.yaml');
    expect(new Set([...composed, ...inPods].filter(isBarkeep))).toEqual(new Set([`barkeep:${version}`]));
    expect(images).toEqual([{ name: 'barkeep', newTag: version }]);
  });
});

describe('compose', () => {
  test('every container has a read-only root, no capability and no way to gain one', async () => {
    const services = Object.values((await compose()).services);
    expect(services.map(({ read_only }) => read_only)).toEqual(services.map(() => true));
    expect(services.map(({ cap_drop }) => cap_drop)).toEqual(services.map(() => ['ALL']));
    expect(services.map(({ security_opt }) => security_opt)).toEqual(
      services.map(() => ['no-new-privileges:true']),
    );
  });

  test('broker, metrics and frontends are users of their own, and each is a member of what its role needs', async () => {
    const { services } = await compose();
    const accountOf = (name: string) => [services[name]?.user, services[name]?.group_add];
    expect(accountOf('broker')).toEqual([`${USER}:${USER}`, GIVEN.map(String)]);
    expect(accountOf('metrics')).toEqual([`${METRICS_USER}:${METRICS_USER}`, [String(GROUPS.viewers)]]);
    for (const name of ['frontend-vm-a', 'frontend-vm-b']) {
      expect(accountOf(name)).toEqual([`${GROUPS.frontends}:${GROUPS.frontends}`, undefined]);
    }
  });

  test('every container of Barkeep has a health check without a shell', async () => {
    const services = Object.values((await compose()).services).filter(({ image }) => isBarkeep(image));
    expect(services.map(({ healthcheck }) => healthcheck?.test[0])).toEqual(services.map(() => 'CMD'));
  });

  test('only the metrics have a network', async () => {
    const services = Object.entries((await compose()).services).filter(([, { image }]) => isBarkeep(image));
    const connected = services
      .filter(([, { network_mode }]) => network_mode !== 'none')
      .map(([name]) => name);
    expect(connected).toEqual(['metrics']);
  });
});

describe('kubernetes', () => {
  test('pods run as a user that is not root, under the default seccomp profile, without a token', async () => {
    const specs = (await pods()).map(({ spec }) => ({
      nonRoot: spec.securityContext.runAsNonRoot,
      seccomp: spec.securityContext.seccompProfile.type,
      token: spec.automountServiceAccountToken,
    }));
    const expected = { nonRoot: true, seccomp: 'RuntimeDefault', token: false };
    expect(specs).toEqual([expected, expected, expected]);
  });

  test('broker, metrics and frontends are users of their own, and each is a member of what its role needs', async () => {
    const accounts = (await pods()).map(({ file, spec }) => {
      const { runAsUser, runAsGroup, supplementalGroups = [] } = spec.securityContext;
      return [file, runAsUser, runAsGroup, supplementalGroups];
    });
    expect(accounts).toEqual([
      ['daemonset.yaml', USER, USER, GIVEN],
      ['metrics.yaml', METRICS_USER, GROUPS.viewers, []],
      ['vm-pod.yaml', GROUPS.frontends, GROUPS.frontends, []],
    ]);
  });

  test('every container has a read-only root, no escalation, no capability and a memory limit', async () => {
    const containers = await podContainers();
    const facts = containers.map(({ name, securityContext: context, resources }) => ({
      name,
      readOnly: context.readOnlyRootFilesystem,
      escalation: context.allowPrivilegeEscalation,
      drop: context.capabilities.drop,
      limited: resources.limits['memory'] !== undefined,
    }));
    expect(facts).toEqual(
      containers.map(({ name }) => ({
        name,
        readOnly: true,
        escalation: false,
        drop: ['ALL'],
        limited: true,
      })),
    );
  });

  test('only the step that gives the run directory its owner is root, with one capability', async () => {
    const exceptions = (await podContainers()).filter(({ securityContext: context }) => {
      return context.runAsUser !== undefined || context.capabilities.add !== undefined;
    });
    expect(exceptions.map(({ name }) => name)).toEqual(['run-directory']);
    expect(exceptions[0]?.securityContext.capabilities.add).toEqual(['CHOWN']);
  });

  test('the kustomization lists files that exist', async () => {
    const { resources } = await kubernetes<{ resources: string[] }>('kustomization.yaml');
    const kinds = await Promise.all(
      resources.map(async (file) => (await kubernetes<{ kind: string }>(file)).kind),
    );
    expect(kinds).toEqual(['Namespace', 'ConfigMap', 'DaemonSet', 'DaemonSet']);
  });
});

describe('libvirt', () => {
  test('the domain gives QEMU the same device as the Kubernetes example', async () => {
    const vmm = (await podContainers()).find(({ name }) => name === 'vmm')!;
    const [model, properties] = vmm
      .args![vmm.args!.indexOf('-device') + 1]!.replace(/,chardev=.*/, '')
      .split(/,(.*)/);
    expect(await deployed('libvirt/domain.xml')).toContain(
      `<qemu:arg value="${model},bus=pcie.0,addr=0x1d,${properties},chardev=barkeep"/>`,
    );
  });

  test.skipIf(missing(['python3']))('the domain is well-formed XML', async () => {
    const parser = 'import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).documentElement.tagName)';
    const root = await run('python3', ['-c', parser, join(DEPLOY, 'libvirt/domain.xml')]);
    expect(root.trim()).toBe('domain');
  });
});

describe.skipIf(missing(['promtool']))('Prometheus', () => {
  test.each([
    'compose/prometheus.yml',
    'monitoring/prometheus.yml',
  ])('%s is accepted by promtool', async (file) => {
    const output = await run('promtool', ['check', 'config', join(DEPLOY, file)]);
    expect(output).toContain('SUCCESS');
  });

  test('the Kubernetes example discovers pods', async () => {
    // Debian's promtool is built without Kubernetes: this much can be checked here.
    const { parse } = await import('yaml');
    const config = parse(await deployed('monitoring/prometheus-kubernetes.yml')) as {
      scrape_configs: { kubernetes_sd_configs: { role: string }[] }[];
    };
    expect(config.scrape_configs[0]?.kubernetes_sd_configs[0]?.role).toBe('pod');
  });
});

describe('systemd', () => {
  test.each([
    ['barkeep-broker.service', 'barkeep', 'barkeep-frontend barkeep-view barkeep-admin barkeep-memory'],
    ['barkeep-frontend@.service', 'barkeep-frontend', undefined],
    ['barkeep-metrics.service', 'barkeep-metrics', 'barkeep-view'],
  ])('%s has a user of its own, and no privilege', async (unit, user, groups) => {
    const settings = new Map(await unitSettings(unit));
    expect(settings.get('User')).toBe(user);
    expect(settings.get('SupplementaryGroups')).toBe(groups);
    expect(settings.get('CapabilityBoundingSet')).toBe('');
    expect(settings.get('ProtectSystem')).toBe('strict');
  });

  test.each(UNITS)('%s is replaced when it is silent, also while it is stopped', async (unit) => {
    const settings = new Map(await unitSettings(unit));
    expect(parseDuration(settings.get('WatchdogSec'))).toBeGreaterThan(10_000);
    expect(settings.get('WatchdogSignal')).toBe('SIGKILL');
  });

  test.each([
    'barkeep-broker.service',
    'barkeep-frontend@.service',
  ])('%s has its descriptors held, also when it failed, and is started again at once, but not for ever', async (unit) => {
    const settings = new Map(await unitSettings(unit));
    expect(settings.get('Type')).toBe('notify');
    expect(settings.get('NotifyAccess')).toBe('main');
    expect(Number(settings.get('FileDescriptorStoreMax'))).toBeGreaterThan(4096);
    expect(settings.get('Restart')).toBe('always');
    expect(settings.get('RestartPreventExitStatus')).toBe('2');
    expect(settings.get('FileDescriptorStorePreserve')).toBe('yes');
    // At the pace of its restarts alone, the limit is reached within its interval.
    const milliseconds = (name: string) => parseDuration(settings.get(name));
    const burst = Number(settings.get('StartLimitBurst'));
    expect(burst).toBeGreaterThan(20);
    expect(burst * milliseconds('RestartSec')!).toBeLessThan(milliseconds('StartLimitIntervalSec')! / 2);
  });

  describe.skipIf(missing(['systemd-analyze', 'systemd-sysusers', 'systemd-tmpfiles']))(
    'by its own tools',
    () => {
      let root = '';

      beforeAll(async () => {
        root = await mkdtemp(join(tmpdir(), 'barkeep-systemd-'));
        const units = join(root, 'etc/systemd/system');
        await mkdir(units, { recursive: true });
        await mkdir(join(root, 'usr/bin'), { recursive: true });
        await mkdir(join(root, 'usr/lib'), { recursive: true });
        await symlink('usr/lib', join(root, 'lib'));
        await cp('/lib/systemd/system', join(root, 'usr/lib/systemd/system'), {
          recursive: true,
          verbatimSymlinks: true,
        });
        await cp(join(DEPLOY, 'systemd'), units, { recursive: true });
        await writeFile(join(root, 'usr/bin/barkeep'), '#!/bin/sh\n', { mode: 0o755 });
      });

      afterAll(async () => {
        await rm(root, { recursive: true });
      });

      test('systemd-analyze verify has nothing to say', async () => {
        const instances = UNITS.map((unit) => unit.replace('@.', '@vm-a.'));
        const paths = [...instances, 'barkeep.target'].map((unit) => join('/etc/systemd/system', unit));
        const said = await run('sh', [
          '-c',
          'exec systemd-analyze verify "$@" 2>&1',
          'sh',
          `--root=${root}`,
          '--man=no',
          ...paths,
        ]);
        // Of systemd 254; test/deploy/host has one that knows it.
        const known = said
          .split('\n')
          .filter((line) => !/'FileDescriptorStorePreserve'.*ignoring/.test(line));
        expect(known).toEqual(['']);
      });

      test.each(UNITS)('%s is exposed by less than 1.5 of 10', async (unit) => {
        // Ends with another code than 0, and so fails, when the exposure is above the threshold (in tenths).
        const args = ['security', '--offline=yes', `--root=${root}`, '--threshold=15', '--no-pager', unit];
        expect(await run('systemd-analyze', args)).toContain('Overall exposure level');
      });

      test('sysusers.d and tmpfiles.d make the users, the groups and both folders', async () => {
        await run('systemd-sysusers', [`--root=${root}`, join(DEPLOY, 'systemd/sysusers.d/barkeep.conf')]);
        await run('systemd-tmpfiles', [
          `--root=${root}`,
          '--create',
          join(DEPLOY, 'systemd/tmpfiles.d/barkeep.conf'),
        ]);
        const idsIn = async (file: string): Promise<Map<string, readonly string[]>> => {
          const lines = (await readFile(join(root, 'etc', file), 'utf8')).trim().split('\n');
          return new Map(lines.map((line) => [line.split(':')[0] ?? '', line.split(':')]));
        };
        const users = await idsIn('passwd');
        const groups = await idsIn('group');
        const [, , uid, gid] = users.get('barkeep')!;
        const frontend = users.get('barkeep-frontend')![2];
        const kvm = groups.get('kvm')!;
        const listed = await run('stat', [
          '-c',
          '%a %u %g',
          join(root, 'run/barkeep'),
          join(root, 'run/barkeep-vhost-user'),
        ]);
        expect(listed.trim().split('\n')).toEqual([`755 ${uid} ${gid}`, `2750 ${frontend} ${kvm[2]}`]);
        expect(kvm[3]).toBe('barkeep-frontend');
        expect(groups.get('barkeep-view')?.[3]).toBe('barkeep-metrics');
        for (const name of ['barkeep-admin', 'barkeep-memory']) expect(groups.get(name)?.[3]).toBe('');
      });
    },
  );
});

describe('configuration', () => {
  const path = join(DEPLOY, 'barkeep.yaml');

  test('the example is a configuration', () => {
    const config = loadConfig(path, { host: null });
    expect(config.vms.map(({ name }) => name)).toEqual(['vm-a', 'vm-b']);
    expect(config.runDirectory).toBe('/run/barkeep');
  });

  test('the ConfigMap holds the example, word for word', async () => {
    const { data } = await kubernetes<{ data: Record<string, string> }>('configmap.yaml');
    expect(data['barkeep.yaml']).toBe(await readFile(path, 'utf8'));
  });

  test('the compose file starts one frontend for each of its VMs, and mounts it', async () => {
    const { services } = await compose();
    const names = loadConfig(path, { host: null }).vms.map(({ name }) => `frontend-${name}`);
    expect(Object.keys(services).filter((name) => name.startsWith('frontend-'))).toEqual(names);
    expect(services['broker']?.volumes).toContain('../barkeep.yaml:/etc/barkeep/barkeep.yaml:ro');
  });

  test("the broker's containers may use more memory than its heaps have", async () => {
    const capacity = loadConfig(path, { host: null }).heaps.reduce((sum, heap) => sum + heap.capacity, 0);
    const composed = (await compose()).services['broker']?.mem_limit;
    const inPods = (await podContainers()).find(({ name }) => name === 'broker')?.resources.limits['memory'];
    expect(parseBytes(composed?.replace('g', 'GiB'))).toBeGreaterThan(capacity);
    expect(parseBytes(`${inPods}B`)).toBeGreaterThan(capacity);
  });
});

describe('keepers', () => {
  test('are the first process of every container with a broker or a frontend, and of no other', async () => {
    const started = [
      ...Object.values((await compose()).services).map(({ image, command }) => ({ image, words: command })),
      ...(await podContainers()).map(({ image, command, args }) => ({ image, words: command ?? args })),
    ].filter(({ image }) => isBarkeep(image));
    const verbs = started.map(({ words = [] }) => {
      const [own, kept] = splitKeep(words);
      return `${own[0]} ${kept?.[0]}`;
    });
    expect(verbs).toEqual([
      'keep broker',
      'metrics undefined',
      'keep frontend',
      'keep frontend',
      'node undefined',
      'keep broker',
      'metrics undefined',
      'keep frontend',
    ]);
  });

  test('replace what is silent, as systemd does', async () => {
    const kept = (await commandLines()).filter(({ words }) => words[0] === 'keep');
    expect(kept).toHaveLength(5);
    for (const { words } of kept) expect(words[words.indexOf('--watchdog') + 1]).toBe('30s');
  });

  test('are ended by no probe: with one end the descriptors of a VM, or of all', async () => {
    const isKeeper = ({ image, args }: { readonly image: string; readonly args?: readonly string[] }) =>
      isBarkeep(image) && args?.[0] === 'keep';
    const all = (await pods()).flatMap(({ spec }) => [
      ...(spec.initContainers ?? []).map((container) => ({ ...container, isBeforeVmm: true })),
      ...spec.containers.map((container) => ({ ...container, isBeforeVmm: false })),
    ]);
    const keepers = all.filter(isKeeper);
    expect(keepers.map(({ name }) => name)).toEqual(['broker', 'frontend']);
    for (const { livenessProbe, startupProbe, isBeforeVmm } of keepers) {
      expect(livenessProbe).toBe(undefined);
      // A sidecar's is over before its VMM is started.
      if (!isBeforeVmm) expect(startupProbe).toBe(undefined);
    }
    // One check for every container of the image would have a frontend's ended because the broker is away.
    expect((await dockerfile()).filter(({ name }) => name === 'HEALTHCHECK')).toEqual([]);
  });
});

describe('command line', () => {
  test('every verb that is started is one of the services, their keeper, or health', async () => {
    const verbs = new Set((await commandLines()).map(({ words }) => words[0]));
    expect(verbs).toEqual(new Set(['broker', 'metrics', 'frontend', 'health', 'keep']));
  });

  // What `npm run build` makes of services/cli/main.ts; until that is written there is nothing to ask.
  const program = join(REPOSITORY, 'dist/services/cli/main.js');

  test.skipIf(!existsSync(program))('every option that is given is one that its verb knows', async () => {
    const lines = await commandLines();
    const general = await run('node', [program, '--help']);
    const unknown = [];
    for (const { where, words } of lines) {
      const [verb = '', ...rest] = words;
      const help = `${general}\n${await run('node', [program, verb, '--help'])}`;
      const options = rest.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
      const strange = options.filter((option) => !new RegExp(`(^|\\s|,)${option}[\\s=,]`, 'm').test(help));
      unknown.push(...strange.map((option) => `${where}: ${verb} ${option}`));
    }
    expect(unknown).toEqual([]);
  });
});
