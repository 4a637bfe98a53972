// Children that never outlive their parent, however it ends: the two hold a pair of connected sockets, and the child ends when it reads the
// end of its own. kill -9 of the parent closes the pair too, which no signal handler could do. The child uses it once to say that it is
// ready.
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** The descriptor that a child gets as its lifeline (its index in stdio), and the variable that tells it so. */
export const LIFELINE_FD = 3;
export const LIFELINE_VARIABLE = 'BARKEEP_LIFELINE_FD';

/** What a child says once it has started, e.g. { url: 'http://127.0.0.1:9464' }. */
export type Ready = Readonly<Record<string, string>>;

export type Lifeline = {
  /** Tells the parent that this process has started. */
  ready(data: Ready): void;
};

/** A message this long is no message of a child of ours. */
const LONGEST_MESSAGE = 64 * 1024;

/** In a child: calls `onEnd` once when the parent is gone. Null when this process has no lifeline. */
export function followLifeline(
  environment: Readonly<Record<string, string | undefined>>,
  onEnd: () => void,
): Lifeline | null {
  const text = environment[LIFELINE_VARIABLE] ?? '';
  if (!/^[0-9]+$/.test(text)) return null;
  const line = new Socket({ fd: Number(text), readable: true, writable: true });
  line.once('close', onEnd);
  line.on('error', () => line.destroy());
  // Nothing is ever sent this way; reading is how the end is noticed.
  line.resume();
  // Waiting for the parent's end alone is no reason to live.
  line.unref();
  return { ready: (data) => line.write(`${JSON.stringify(data)}\n`) };
}

/** In the parent: the child's message, once it comes. Null when the child's end closes without one. `line` is the child's stdio[LIFELINE_FD]. */
export function awaitReady(line: Readable): Promise<Ready | null> {
  return new Promise((resolve) => {
    let text = '';
    line.setEncoding('utf8');
    line.on('data', (chunk: string) => {
      text = (text + chunk).slice(0, LONGEST_MESSAGE);
      const end = text.indexOf('\n');
      if (end >= 0) resolve(parseReady(text.slice(0, end)));
    });
    line.once('close', () => resolve(null));
    line.on('error', () => resolve(null));
  });
}

function parseReady(text: string): Ready {
  try {
    return JSON.parse(text) as Ready;
  } catch {
    return {};
  }
}
