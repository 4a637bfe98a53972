// The space that V8 has for what was just made. It doubles each time that much survives, up to 32 MiB, and the start of a program alone makes it do
// so. What a frontend makes in its work does not live that long: 2 MiB do, and a host has many frontends.
//
// To be said before anything is loaded, and by the build as well: a compiled part names the flags that it is for (parts.ts).
import { setFlagsFromString } from 'node:v8';

const FACTOR = '--semi-space-growth-factor';

export function keepYoungSpaceSmall(): void {
  setFlagsFromString(`${FACTOR}=1`);
}

/** For a service that there is one of, and that has more to do at a time. Everything that it needs is loaded. */
export function letYoungSpaceGrow(): void {
  setFlagsFromString(`${FACTOR}=2`);
}
