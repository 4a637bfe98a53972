// Tells at once when a socket appears at a path: who waits for a broker that starts again does not wait for its own next try as well.
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export class SocketWatch {
  #watcher: FSWatcher | null = null;

  /**
   * Calls `onMade` whenever something is made at `path`; whether anybody listens on it yet is another question. A system that gives no watch
   * (fs.inotify.max_user_instances is 128 by default) says nothing: try now and then all the same.
   */
  constructor(path: string, onMade: () => void) {
    const name = basename(path);
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
        if (changed === name && existsSync(path)) onMade();
      });
      this.#watcher.on('error', () => this.close());
    } catch {
      this.#watcher = null;
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }
}
