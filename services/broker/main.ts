// The broker service: everything is made here, in order, and ended in the opposite order.

import type { Allocation } from '../lib/domain/allocation.ts';
import { Host } from '../lib/domain/host.ts';
import { UNLIMITED } from '../lib/domain/quota.ts';
import { SettingsError } from '../lib/domain/settings-error.ts';
import { bootId } from '../lib/journal/boot-id.ts';
import type { OpenedJournal } from '../lib/journal/file-journal.ts';
import { NO_STORE } from '../lib/memory/kept-memory.ts';
import { Sweeper } from '../lib/memory/sweeper.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import { tryLock } from '../lib/os/lock.ts';
import { ProcessLife } from '../lib/os/process-life.ts';
import { peerCredentials } from '../lib/os/socket.ts';
import { Handlers } from '../lib/rpc/handlers.ts';
import { HealthService } from '../lib/rpc/health-service.ts';
import { adminServiceDefinition, brokerServiceDefinition } from '../lib/rpc/service-definition.ts';
import { type Peer, UnixServer } from '../lib/rpc/unix-server.ts';
import type { Config } from '../lib/runtime/config.ts';
import { changesText } from '../lib/runtime/config-difference.ts';
import type { ConfigState } from '../lib/runtime/config-file.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { ProcessFigures } from '../lib/runtime/process-figures.ts';
import {
  createRunDirectory,
  createVmSecret,
  lockRunDirectory,
  type RunPaths,
} from '../lib/runtime/run-directory.ts';
import { VERSION } from '../lib/runtime/version.ts';
import { Audit } from './audit.ts';
import { BatchRunner } from './batch-runner.ts';
import { Events } from './events.ts';
import { FdChannel } from './fd-channel.ts';
import { GrantDesk } from './grants.ts';
import { HeapError } from './heaps/backing.ts';
import { type DescriptorBudget, processDescriptorBudget } from './heaps/descriptor-budget.ts';
import { type BrokerStore, HeldDescriptors } from './heaps/descriptor-store.ts';
import { Heaps } from './heaps/heaps.ts';
import { Journal } from './journal/journal.ts';
import {
  discardJournal,
  NOTHING_RECOVERED,
  openJournal,
  type RecoveryFigures,
  recover,
  retireJournal,
} from './recovery.ts';
import { adminService } from './rpc/admin-service.ts';
import { brokerService, connectionEnded } from './rpc/broker-service.ts';
import { Handles } from './rpc/handles.ts';
import { type AdminRole, servedTo } from './rpc/roles.ts';
import { StageDurations } from './stage-durations.ts';
import { type Terms, termsOf } from './terms.ts';
import { Tokens } from './tokens.ts';
import { VmDirectory, type VmState } from './vm-directory.ts';

/** Calls that are under way when the broker stops may take so long to end. */
const STOP_GRACE_MS = 1000;
const BROKER_SERVICE = 'barkeep.v1.BrokerService';
const ADMIN_SERVICE = 'barkeep.v1.AdminService';

export type RunningBroker = {
  readonly stop: () => Promise<void>;
  /** One line: whom it serves at this moment. */
  readonly status: () => string;
};

export type BrokerOptions = {
  /** What outlives this process. Default: nothing does. */
  readonly store?: BrokerStore;
  /** Put a journal that cannot be read out of the way. Default: false. */
  readonly discardJournal?: boolean;
  /** What is to be told of the configuration's file. Default: that it was taken at the start. */
  readonly configuration?: () => ConfigState;
  /** Called when a change of a heap that waited can be taken, by a successor. */
  readonly giveWay?: () => void;
};

/** Whether an error of startBroker() is one of the configuration, so that another one may do. */
export function isConfigurationFault(error: unknown): boolean {
  return error instanceof HeapError || error instanceof SettingsError;
}

/**
 * Starts the broker in the configuration's run directory; it serves when this resolves. stop() ends it: callers get SHUTTING_DOWN, tokens
 * are void, every descriptor is closed, the sockets are gone. Later calls wait for the first.
 * With an fd store VMs survive it, however it ends: the next broker in the same run directory takes them over.
 * Rejects with ExitError (run directory, secrets, a journal that cannot be read), HeapError, SettingsError or SocketPathError; then nothing stays behind.
 */
export async function startBroker(
  config: Config,
  log: Logger,
  options: BrokerOptions = {},
): Promise<RunningBroker> {
  // What was made last is ended first.
  const ends: (() => Promise<void> | void)[] = [];
  const end = async (): Promise<void> => {
    for (const step of ends.splice(0).reverse()) await step();
  };
  let directory: VmDirectory;
  try {
    directory = await start(config, log, options, (step) => ends.push(step));
  } catch (error) {
    await end();
    throw error;
  }
  faultPoint('broker.serving');
  log.info({ runDirectory: config.runDirectory, vms: config.vms.length, version: VERSION }, 'broker started');
  let stopped: Promise<void> | null = null;
  return {
    stop: () => {
      stopped ??= end().then(() => log.info('broker stopped'));
      return stopped;
    },
    status: () => statusOf(directory, options.configuration?.().problem ?? null),
  };
}

async function start(
  configured: Config,
  log: Logger,
  {
    store,
    discardJournal: isDiscarded = false,
    configuration = takenNow(configured),
    giveWay,
  }: BrokerOptions,
  onEnd: (step: () => Promise<void> | void) => void,
): Promise<VmDirectory> {
  const paths = createRunDirectory(configured.runDirectory);
  const lock = lockRunDirectory(paths, tryLock);
  onEnd(() => lock.release());

  if (isDiscarded) discardJournal(paths.journal, log);
  let opened = store?.active === true ? openJournal(paths.journal, log) : null;
  onEnd(() => opened?.journal.close());
  const terms = termsOf(configured, opened?.payloads ?? []);
  const { config } = terms;
  tellWaiting(terms, configured.journal, log);

  const budget = processDescriptorBudget();
  const kept = config.journal && store?.active === true ? store : null;
  const held = kept === null ? null : new HeldDescriptors(kept, log);
  const heaps = new Heaps(config.heaps, budget, log, held ?? NO_STORE);
  onEnd(() => heaps.close());
  const limits = { bytes: config.hostCapacity, mappings: UNLIMITED, allocations: UNLIMITED };
  const host = new Host({ limits, heaps: heaps.settings }, heaps);

  const tokens = new Tokens();
  const events = new Events();
  const prefaulted = new Set(config.heaps.filter(({ prefault }) => prefault).map(({ name }) => name));
  const grants: GrantDesk = new GrantDesk(() => directory.followedVms());
  onEnd(() => grants.close());
  const directory: VmDirectory = new VmDirectory({
    vms: config.vms,
    waiting: terms.vms,
    waitingHeaps: terms.heaps,
    ...(giveWay && { giveWay }),
    secretOf: (vm) => createVmSecret(paths, vm.name, vm.attachedBy),
    prefaulted: (heap) => prefaulted.has(heap),
    host,
    heaps,
    budget,
    tokens,
    events,
    grants,
    orphanGraceMs: config.orphanGrace,
    log,
    store: held ?? NO_STORE,
    lifeOf: (peer) => {
      const socket = broker.descriptorOf(peer);
      return socket === null ? null : ProcessLife.ofPeer(socket, peer.pid);
    },
  });
  const left = opened;
  opened = null;
  const survival =
    kept === null || held === null
      ? withoutJournal(config, left, { paths, heaps, log })
      : withJournal(kept, held, { config, opened: left, paths, heaps, host, budget, directory, log });
  onEnd(() => survival.journal?.close());
  onEnd(() => directory.shutDown());
  onEnd(() => tokens.revokeAll());

  const sweeper = new Sweeper(() => directory.sweptVms(), config.sweepInterval, log);
  // Guests went on while no broker looked after them.
  sweeper.sweepNow();
  onEnd(() => sweeper.close());
  const audit = new Audit(directory, config.sweepInterval, config.auditLooks, log);
  onEnd(() => audit.close());
  const processFigures = new ProcessFigures();
  onEnd(() => processFigures.close());
  const stageDurations = new StageDurations(Date.now() / 1000);

  const { groups } = config;
  for (const [path, group] of [
    [paths.fdSocket, groups.frontends],
    [paths.memoryFdSocket, groups.memory],
  ] as const) {
    const channel = new FdChannel(path, group, tokens, log);
    onEnd(() => channel.close());
    await channel.listen();
  }

  const health = new HealthService([BROKER_SERVICE, ADMIN_SERVICE], true);
  const runner = new BatchRunner(directory, events, grants);
  const handles = new Handles(tokens, heaps, host, VERSION);
  const common = { credentials: peerCredentials, log };
  const broker: UnixServer = new UnixServer({
    ...common,
    path: paths.brokerSocket,
    group: groups.frontends,
    onClose: (peer: Peer) => connectionEnded(directory, peer),
  });
  broker.addService(
    brokerServiceDefinition,
    brokerService({
      directory,
      runner,
      stageDurations,
      host,
      grants,
      handles,
      handlers: new Handlers((call) => broker.peerOf(call), log),
      isConnected: (peer) => broker.isConnected(peer),
    }),
  );
  const servers = [broker];
  const adminSockets: Readonly<Record<AdminRole, string>> = {
    viewers: paths.viewSocket,
    operators: paths.adminSocket,
    memory: paths.memorySocket,
  };
  for (const role of ['viewers', 'operators', 'memory'] as const) {
    const server = new UnixServer({ ...common, path: adminSockets[role], group: groups[role] });
    const admin = adminService({
      directory,
      host,
      heapConfigs: config.heaps,
      waitingHeaps: terms.heaps,
      heaps,
      tokens,
      handles,
      events,
      runner,
      processFigures,
      stageDurations,
      grants,
      configuration,
      survival: { ...survival, held },
      handlers: new Handlers((call) => server.peerOf(call), log),
      version: VERSION,
    });
    server.addService(adminServiceDefinition, servedTo(role, admin));
    servers.push(server);
  }
  for (const server of servers) {
    health.addTo(server);
    onEnd(() => server.close(STOP_GRACE_MS));
    await server.listen();
  }
  // First of all: callers learn why before their connections end.
  onEnd(async () => {
    health.setServing(false);
    health.close();
    events.close();
    await directory.shutDown();
  });
  return directory;
}

function statusOf({ entries }: VmDirectory, mistake: string | null): string {
  const states = [...entries.values()].map(({ state }) => state);
  const count = (wanted: VmState): number => states.filter((state) => state === wanted).length;
  const orphaned = count('orphaned');
  const suspended = count('suspended');
  return [
    `serving: ${count('attached')} of ${states.length} VMs attached`,
    ...(orphaned > 0 ? [`${orphaned} orphaned`] : []),
    ...(suspended > 0 ? [`${suspended} suspended`] : []),
    ...(mistake === null ? [] : ['the configuration file is wrong and not in force']),
  ].join(', ');
}

function takenNow({ file }: Config): () => ConfigState {
  const state = { file, problem: null, takenAt: Date.now(), isChanged: false };
  return () => state;
}

type Survival = { readonly journal: Journal | null; readonly recovered: RecoveryFigures };

/** Descriptors go with the process, so what is written about them would be of no use to anybody. */
function withoutJournal(
  { journal }: Config,
  opened: OpenedJournal | null,
  { paths, heaps, log }: Pick<Parts, 'paths' | 'heaps' | 'log'>,
): Survival {
  opened?.journal.close();
  heaps.refuseStrangers();
  retireJournal(paths.journal, log);
  log.info(
    journal
      ? 'there is no fd store: when the broker ends, its VMs lose their memory (start it with `barkeep keep`, or by systemd with FileDescriptorStoreMax=)'
      : 'the journal is off: when the broker ends, its VMs lose their memory',
  );
  return { journal: null, recovered: NOTHING_RECOVERED };
}

function tellWaiting({ config, vms, heaps }: Terms, isJournalWanted: boolean, log: Logger): void {
  for (const [vm, { changes }] of vms)
    log.warn({ vm, waits: changesText(changes) }, 'a change waits until its VM is attached afresh');
  for (const [heap, { changes }] of heaps)
    log.warn({ heap, waits: changesText(changes) }, 'a change waits until no VM of before uses its heap');
  if (config.journal && !isJournalWanted)
    log.warn('journal: false waits until the broker starts without VMs of before');
}

type Parts = {
  readonly config: Config;
  readonly opened: OpenedJournal | null;
  readonly paths: RunPaths;
  readonly heaps: Heaps;
  readonly host: Host;
  readonly budget: DescriptorBudget;
  readonly directory: VmDirectory;
  readonly log: Logger;
};

/** Takes over what an earlier broker left, and begins a journal for the next one. */
function withJournal(
  store: BrokerStore,
  held: HeldDescriptors,
  { config, opened, paths, heaps, host, budget, directory, log }: Parts,
): Survival {
  const settings = new Map([...directory.entries].map(([name, entry]) => [name, entry.settings]));
  const { journal: journalPath } = paths;
  const { orphanGrace: orphanGraceMs } = config;
  const { survivors, lostSlots, continued, figures } = recover({
    journalPath,
    opened,
    store,
    held,
    heaps,
    host,
    budget,
    settings,
    orphanGraceMs,
    log,
  });
  const options = {
    path: journalPath,
    bootId: bootId(),
    brokerVersion: VERSION,
    heaps: () => heaps.records(),
    inodeOf: (allocation: Allocation) => heaps.inodeOf(allocation),
    log,
  };
  const journal = directory.adopt(
    survivors,
    (vms) =>
      continued === null ? Journal.begin(options, vms) : Journal.resume(options, continued, vms, lostSlots),
    continued !== null,
  );
  return { journal, recovered: figures };
}
