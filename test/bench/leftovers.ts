// What a benchmark has started and not stopped yet, so that Ctrl-C leaves none of it behind: no process, no directory.
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const stops = new Set<() => Promise<void>>();
let isEnding = false;

/** Remembers how something is stopped. Returns the way to stop it, which does so once, however often it is called. */
export function leftover(stop: () => void | Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const once = (): Promise<void> => {
    stops.delete(once);
    stopped ??= Promise.resolve().then(stop);
    return stopped;
  };
  stops.add(once);
  if (isEnding) void once();
  return once;
}

/** A signal that asks this process to end stops everything first, what was started last before what it stands on. */
export function stopOnSignals(): void {
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      isEnding = true;
      void stopAll().finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
}

async function stopAll(): Promise<void> {
  for (const stop of [...stops].reverse()) await stop().catch(() => undefined);
}
