// One VM while it runs: its frontend, QEMU with the guest in it, and what was counted before they came.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../support/until.ts';
import type { GuestConsole } from '../console.ts';
import type { GuestEnvironment } from '../environment.ts';
import { patient } from '../patience.ts';
import { type Guest, startGuest } from '../qemu.ts';
import type { Host, VmName } from './host.ts';
import type { Report } from './report.ts';
import type { Service } from './service.ts';

export type SessionOptions = {
  readonly vm: VmName;
  /** What the logs of kernel and QEMU are named by; the VM's name by default. */
  readonly name?: string;
  /** Bytes; 512 MiB by default. */
  readonly memory?: number;
  readonly processors?: number;
  /** See GuestOptions. */
  readonly qemuArguments?: readonly string[];
  /** See GuestDevice. */
  readonly keepsState?: boolean;
};

/** Descriptors of both processes before the VM was there. */
export type Before = {
  /** Of the broker, before the frontend. */
  readonly broker: readonly string[];
  /** Of the frontend, before QEMU. */
  readonly frontend: readonly string[];
};

export class Session {
  readonly vm: VmName;
  readonly name: string;
  readonly host: Host;
  readonly report: Report;
  readonly frontend: Service;
  readonly socketPath: string;
  readonly guest: Guest;
  readonly before: Before;
  readonly bootMilliseconds: number;
  #stopped = false;
  #exit = '';

  private constructor(
    options: SessionOptions,
    host: Host,
    report: Report,
    frontend: { service: Service; socketPath: string },
    guest: Guest,
    before: Before,
    bootMilliseconds: number,
  ) {
    this.vm = options.vm;
    this.name = options.name ?? options.vm;
    this.host = host;
    this.report = report;
    this.frontend = frontend.service;
    this.socketPath = frontend.socketPath;
    this.guest = guest;
    this.before = before;
    this.bootMilliseconds = bootMilliseconds;
    void guest.exited.then(({ code, signal }) => {
      this.#exit = `QEMU ended with ${code ?? signal}\n`;
    });
  }

  /** Starts a frontend and boots a guest on it. Rejects with ServiceError or GuestStartError, with nothing left running. */
  static async start(
    options: SessionOptions,
    host: Host,
    report: Report,
    environment: GuestEnvironment,
  ): Promise<Session> {
    const broker = await settledDescriptors(host.broker);
    const frontend = await host.startFrontend(options.vm);
    try {
      const before = { broker, frontend: await settledDescriptors(frontend.service) };
      const start = Date.now();
      const guest = await startGuest({
        environment,
        device: {
          kind: 'vhost-user',
          socketPath: frontend.socketPath,
          keepsState: options.keepsState ?? false,
        },
        ...(options.memory === undefined ? {} : { memory: options.memory }),
        ...(options.processors === undefined ? {} : { processors: options.processors }),
        ...(options.qemuArguments === undefined ? {} : { qemuArguments: options.qemuArguments }),
      });
      return new Session(options, host, report, frontend, guest, before, Date.now() - start);
    } catch (error) {
      await frontend.service.stop();
      throw error;
    }
  }

  get console(): GuestConsole {
    return this.guest.console;
  }

  /** A guest command that must succeed. `limit`: milliseconds on two idle cores. */
  ask(line: string, limit = 10_000): Promise<Readonly<Record<string, string>>> {
    return this.console.expectOk(line, patient(limit));
  }

  /** Lines of the guest's kernel since `mark` (the length of an earlier kernelLog()). */
  kernelSince(mark: number): string {
    return this.guest.kernelLog().slice(mark);
  }

  /** Ends QEMU and the frontend at once, if they still run, and keeps what the guest's kernel and QEMU said. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.saveLogs();
    await this.guest.stop();
    await this.frontend.stop();
  }

  get kernelLogPath(): string {
    return join(this.host.logs, `kernel-${this.name}.log`);
  }

  /** Must come before the guest's files are removed. */
  saveLogs(): void {
    writeFileSync(this.kernelLogPath, this.guest.kernelLog());
    writeFileSync(join(this.host.logs, `qemu-${this.name}.log`), `${this.guest.stderr()}${this.#exit}`);
  }
}

/** The descriptors of a process once they stay the same, so that one which is just in use for a moment does not count. */
async function settledDescriptors(service: Service): Promise<readonly string[]> {
  let last = '';
  return until(
    `the descriptors of ${service.name} stay the same`,
    () => {
      const next = service.descriptors();
      const isSame = next.join() === last;
      last = next.join();
      return isSame ? next : null;
    },
    { every: 50, within: patient(20_000) },
  );
}
