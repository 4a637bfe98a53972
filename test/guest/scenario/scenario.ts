// Runs the plan: boots each VM, does its checks, ends it; every check gets its line, whatever happened before it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type HugePages, reserveHugePages } from '../../support/huge-pages.ts';
import { GuestConsoleError } from '../console.ts';
import type { GuestEnvironment } from '../environment.ts';
import { patient } from '../patience.ts';
import { EMPTY, expectBooks } from './books.ts';
import {
  type Check,
  CheckTimeout,
  DEFAULT_LIMIT,
  expectEqual,
  expectThat,
  type Scale,
  within,
} from './check.ts';
import { FIGURES, type Pair } from './figures.ts';
import { Host } from './host.ts';
import { MISTAKE_CHECKS } from './mistakes.ts';
import { GROUPS, type Group, MISTAKES, PAIR } from './plan.ts';
import type { Report } from './report.ts';
import { Session } from './session.ts';

export type ScenarioOptions = {
  readonly environment: GuestEnvironment;
  /** An empty directory for everything; the caller removes it. */
  readonly directory: string;
  readonly report: Report;
  readonly scale: Scale;
  /** Names of groups, of checks, or GROUP/CHECK; empty for everything. */
  readonly only: readonly string[];
};

// The whole run, after the environment was fetched, milliseconds.
const BUDGET: Readonly<Record<Scale, number>> = { full: patient(660_000), quick: patient(300_000) };
const CLEAN_UP_LIMIT = 10_000;
/** Of the services: a busy machine shall not look like a broker that is away. */
const ANSWER_TIMEOUT = '30s';
const WORKERS = 8;
/** pino: 50 is error, 60 fatal. */
const ERROR_LEVEL = /"level":"?(50|60|error|fatal)/;

/** What --only may name. */
export function checkNames(): readonly string[] {
  return [
    ...GROUPS.flatMap((group) => group.checks.map((check) => `${group.name}/${check.name}`)),
    ...MISTAKE_CHECKS.map((check) => `${MISTAKES}/${check.name}`),
    ...FIGURES.map((check) => `${PAIR.name}/${check.name}`),
  ];
}

export function groupNames(): readonly string[] {
  return [...new Set(checkNames().map((name) => name.slice(0, name.indexOf('/'))))];
}

export class Scenario {
  readonly #options: ScenarioOptions;
  readonly #deadline: number;
  readonly #running = new Set<Session>();
  #host: Host | null = null;
  /** Why there are none, or what gives them back; null while nobody asked for any. */
  #hugePages: HugePages | null = null;
  #isStopping = false;

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.#deadline = Date.now() + BUDGET[options.scale];
  }

  /** Runs the checks; their verdicts are in the report. Nothing is left running. */
  async run(): Promise<void> {
    const { report } = this.#options;
    try {
      const host = await this.#startHost();
      if (host === null || this.#isStopping) return;
      for (const group of this.#groups) await this.#runGroup(group, host);
      await this.#runMistakes(host);
      await this.#runFigures(host);
      await this.#line('host', 'no-errors', "nothing in the services' logs is an error", async () =>
        this.#expectCleanLogs(host),
      );
      await this.#line('host', 'stop', 'everything stops in good order and leaves no socket', async () =>
        this.#stopHost(host),
      );
    } finally {
      await this.stop();
    }
    report.summary();
  }

  /** Ends everything at once; run() then ends soon. May be called at any time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const sessions = [...this.#running];
    this.#running.clear();
    await Promise.all(sessions.map((session) => session.stop()));
    const host = this.#host;
    this.#host = null;
    await host?.stop();
    if (this.#hugePages && 'giveBack' in this.#hugePages) this.#hugePages.giveBack();
  }

  async #startHost(): Promise<Host | null> {
    await this.#line('host', 'start', 'broker and metrics start', async () => {
      this.#host = await Host.start(this.#options.directory, {
        hugePages: this.#reserve(),
        answerTimeout: ANSWER_TIMEOUT,
      });
      return `logs in ${this.#host.logs}`;
    });
    return this.#host;
  }

  /** Reserves what the chosen groups need of huge pages. Returns how many there are. */
  #reserve(): number {
    const needed = GROUPS.filter(({ name, checks }) => this.#chosen(name, checks).length > 0);
    const pages = Math.max(0, ...needed.map(({ hugePages = 0 }) => hugePages));
    if (pages === 0) return 0;
    this.#hugePages = reserveHugePages(pages);
    return 'why' in this.#hugePages ? 0 : pages;
  }

  /** All groups that the host has what it takes for. */
  get #groups(): readonly Group[] {
    if (this.#hugePages === null || !('why' in this.#hugePages)) return GROUPS;
    const { why } = this.#hugePages;
    const left = GROUPS.filter(({ hugePages = 0 }) => hugePages > 0);
    for (const { name, checks } of left) {
      if (this.#chosen(name, checks).length === 0) continue;
      this.#options.report.note(`left out: ${name}, because there are no huge pages for it: ${why}`);
    }
    return GROUPS.filter((group) => !left.includes(group));
  }

  async #runGroup(group: Group, host: Host): Promise<void> {
    const chosen = this.#chosen(group.name, group.checks);
    if (chosen.length === 0 || this.#isStopping) return;
    const session = await this.#boot(group.name, { ...group.options, name: group.name }, host);
    try {
      await this.#runChecks(group.name, chosen, session, session === null ? [] : [session]);
    } finally {
      await this.#end(session);
    }
  }

  async #runMistakes(host: Host): Promise<void> {
    const stage = { host, environment: this.#options.environment };
    await this.#runChecks(MISTAKES, this.#chosen(MISTAKES, MISTAKE_CHECKS), stage, []);
  }

  async #runFigures(host: Host): Promise<void> {
    const chosen = this.#chosen(PAIR.name, FIGURES);
    if (chosen.length === 0 || this.#isStopping) return;
    const window = await this.#boot(
      PAIR.name,
      { vm: PAIR.window, name: `${PAIR.name}-${PAIR.window}` },
      host,
    );
    await window?.guest.qmp.stop();
    const perBlob =
      window === null
        ? null
        : await this.#boot(PAIR.name, { vm: PAIR.perBlob, name: `${PAIR.name}-${PAIR.perBlob}` }, host);
    await perBlob?.guest.qmp.stop();
    const pair: Pair | null = window === null || perBlob === null ? null : { window, perBlob };
    try {
      await this.#runChecks(PAIR.name, chosen, pair, pair === null ? [] : [pair.window, pair.perBlob]);
    } finally {
      await this.#end(window);
      await this.#end(perBlob);
    }
  }

  async #boot(group: string, options: Group['options'], host: Host): Promise<Session | null> {
    const { environment, report } = this.#options;
    let session: Session | null = null;
    await this.#line(group, 'boot', `VM ${options.vm} boots with a frontend as its GPU`, async () => {
      session = await Session.start(options, host, report, environment);
      this.#running.add(session);
      expectThat(
        session.guest.firstBoot.device !== null,
        'expected a render node in the guest, found none: its driver did not take the device',
      );
      return `${(session.bootMilliseconds / 1000).toFixed(1)} s, QEMU ${environment.qemuVersion}, Linux ${environment.kernelRelease}`;
    });
    return session;
  }

  async #end(session: Session | null): Promise<void> {
    if (session === null) return;
    this.#running.delete(session);
    await session.stop();
  }

  /** `subject` is null when there is nothing to run checks on. */
  async #runChecks<Subject>(
    group: string,
    checks: readonly Check<Subject>[],
    subject: Subject | null,
    sessions: readonly Session[],
  ): Promise<void> {
    const { report, scale } = this.#options;
    let why = subject === null ? 'the VM did not boot' : '';
    for (const { name, what, run, limit = DEFAULT_LIMIT } of checks) {
      if (this.#isStopping) why ||= 'the run was stopped';
      if (Date.now() > this.#deadline) why ||= `the time of ${BUDGET[scale] / 1000} s is up`;
      if (subject === null || why !== '') {
        report.add({ group, name, what, verdict: 'not run', figure: why, milliseconds: 0 });
        continue;
      }
      const error = await this.#line(
        group,
        name,
        what,
        () => within(run(subject, scale), patient(limit)),
        sessions,
      );
      if (error === null) continue;
      why = (await this.#cleanUp(sessions, error)) ? '' : `${name} left a VM that does not work`;
    }
  }

  /** After a failure: no blob of it shall be in the way of the next check. False when the VM is of no use any more. */
  async #cleanUp(sessions: readonly Session[], error: unknown): Promise<boolean> {
    const isLost =
      error instanceof CheckTimeout ||
      (error instanceof GuestConsoleError && error.code !== 'REFUSED') ||
      sessions.some((session) => !session.frontend.running);
    if (isLost) return false;
    try {
      for (const session of sessions) {
        if ((await session.guest.qmp.status()) !== 'running') await session.guest.qmp.cont();
        for (let worker = 0; worker < WORKERS; worker++) {
          await session.ask(`kill ${worker}`, CLEAN_UP_LIMIT);
        }
        await expectBooks(session, EMPTY);
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Runs one check and reports it; the error it ended with, or null. */
  async #line(
    group: string,
    name: string,
    what: string,
    run: () => Promise<string>,
    sessions: readonly Session[] = [],
  ): Promise<Error | null> {
    const { report } = this.#options;
    const start = Date.now();
    const line = (verdict: 'ok' | 'FAIL', figure: string): void =>
      report.add({ group, name, what, verdict, figure, milliseconds: Date.now() - start });
    try {
      line('ok', await run());
      return null;
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      line('FAIL', [problem.message, ...this.#whereToLook(sessions)].join('\n'));
      return problem;
    }
  }

  /** Beside what a failed check says: what the guests are at, and the logs. */
  #whereToLook(sessions: readonly Session[]): readonly string[] {
    const waiting = sessions.flatMap(({ name, console }) =>
      console.unanswered.map((line) => `not answered by the guest ${name}: ${line}`),
    );
    for (const session of sessions) session.saveLogs();
    const logs = sessions.flatMap(({ frontend, kernelLogPath }) => [frontend.logPath, kernelLogPath]);
    const broker = this.#host ? [this.#host.broker.logPath] : [join(this.#options.directory, 'logs')];
    return [...waiting, `logs: ${[...broker, ...logs].join(' ')}`];
  }

  #chosen<Subject>(group: string, checks: readonly Check<Subject>[]): readonly Check<Subject>[] {
    const { only } = this.#options;
    if (only.length === 0) return checks;
    return checks.filter(({ name }) =>
      only.some((wanted) => wanted === group || wanted === name || wanted === `${group}/${name}`),
    );
  }

  #expectCleanLogs(host: Host): string {
    const errors = host.services.flatMap((service) =>
      service
        .log()
        .split('\n')
        .filter((line) => ERROR_LEVEL.test(line) || (line !== '' && !line.startsWith('{')))
        .map((line) => `${service.name}: ${line}`),
    );
    expectThat(errors.length === 0, errors.slice(0, 5).join('\n'));
    return `${host.services.length} logs`;
  }

  async #stopHost(host: Host): Promise<string> {
    this.#host = null;
    const unclean = await host.stop();
    expectEqual('processes that did not end with exit code 0', unclean.join(', '), '');
    const left = readdirSync(join(this.#options.directory, 'run')).filter((name) => name.endsWith('.sock'));
    expectEqual('sockets that are left', left.join(', '), '');
    return `${host.services.length} processes`;
  }
}
