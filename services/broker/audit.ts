// Compares what the windows of VMs hold that their frontends decide for with what those were granted. What is told of blobs can be checked and is (follow.ts);
// memory that is not told of is seen by nobody but the kernel, which counts the blocks of a window's file, whoever touched them.
//
//     within --beyond--> warned, once --beyond for so many looks--> suspended
//                  <--within--'
import { beyondGrant } from '../lib/domain/grant.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { suspended, type VmDirectory, type VmEntry } from './vm-directory.ts';

export class Audit {
  readonly #directory: VmDirectory;
  readonly #mostLooks: number;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param intervalMs between two looks
   * @param mostLooks a VM that is beyond its grant at so many looks one after the other is suspended; 0: never
   */
  constructor(directory: VmDirectory, intervalMs: number, mostLooks: number, log: Logger) {
    this.#directory = directory;
    this.#mostLooks = mostLooks;
    this.#log = log;
    this.#timer = setInterval(() => this.look(), intervalMs);
    this.#timer.unref();
  }

  /** Looks at all of them: a system call each. */
  look(): void {
    for (const entry of this.#directory.entries.values()) {
      if (entry.state === 'attached' || entry.state === 'orphaned') this.#lookAt(entry);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #lookAt(entry: VmEntry): void {
    const { attached, config, owner, decider } = entry;
    if (!attached?.followed || !attached.window?.open || entry.reclaiming !== null) return;
    const { followed, window } = attached;
    const held = window.heldBytes;
    const bytes = beyondGrant(held, followed.grant);
    const looks = bytes === 0 ? 0 : followed.beyond.looks + 1;
    const wasBeyond = followed.beyond.looks > 0;
    followed.beyond = { bytes, looks };
    const seen = { vm: config.name, pid: decider?.pid, held, beyond: bytes };
    if (looks === 1)
      this.#log.warn(seen, 'the window of a VM holds more memory than its frontend was granted');
    if (looks === 0 && wasBeyond) this.#log.info(seen, 'the window of a VM is within its grant again');
    if (this.#mostLooks === 0 || looks < this.#mostLooks) return;
    const why = `its window holds ${held} bytes, ${bytes} more than it was granted and is allowed beyond that, at ${looks} looks`;
    this.#directory.suspend(entry, owner, why);
    owner?.dismiss(suspended(config.name, why));
  }
}
