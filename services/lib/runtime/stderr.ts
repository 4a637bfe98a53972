// Writing to stderr at once and to the end, and never dying of it: a terminal may hang up, a reader go away, a disk be full. What a process
// holds is worth more than a line.
import { writeSync } from 'node:fs';

/** A pipe that another process has made non-blocking, and whose reader is slow: how long it is waited for, in milliseconds. */
const PATIENCE = { each: 5, times: 200 };
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Its reader has stopped to read: until it reads again, nobody waits for it. */
let isStuck = false;

export function writeToStderr(text: string): void {
  let rest = Buffer.from(text);
  let pauses = isStuck ? PATIENCE.times : 0;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(2, rest));
      isStuck = false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      isStuck = pauses >= PATIENCE.times;
      if (isStuck) return;
      pauses += 1;
      Atomics.wait(pause, 0, 0, PATIENCE.each);
    }
  }
}
