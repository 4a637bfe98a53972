// Loads the parts of the program. The build (test/checks/build.mjs) makes a few files of all sources and packages, split so that each verb
// reads only what it needs, and lays beside each what V8 makes of it, compiled. Who takes a killed process' place has no time to look for
// some 700 modules and to compile them: that took 250 ms of the 350 ms until a frontend was there, and this takes less than 100.
//
// The compiled form belongs to one version of Node. Another one refuses it and compiles the source, which costs those 80 ms again.
import { isAscii } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { keepYoungSpaceSmall } from './young-space.ts';

/** What is appended to a part's name for its compiled form. */
const COMPILED = '.compiled';
/** The function that CommonJS has around each file. */
const HEAD = '(function (exports, require, module, __filename, __dirname) {';
const TAIL = '\n})';

type Require = (id: string) => unknown;
type Run = (exports: object, require: Require, module: Module, path: string, directory: string) => void;
type Module = { exports: object };
type Part = { readonly module: Module; readonly isCompiled: boolean };

export class Parts {
  readonly #directory: string;
  readonly #requirePackage: Require;
  readonly #loaded = new Map<string, Part>();

  /** `directory` is where the build has put them. */
  constructor(directory: string) {
    keepYoungSpaceSmall();
    this.#directory = directory;
    this.#requirePackage = createRequire(join(directory, 'part.cjs'));
  }

  /** The exports of a part, by its file's name; it runs once. Throws what reading it or running it throws. */
  load(name: string): object {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known.module.exports;
    const path = join(this.#directory, name);
    const cachedData = readIfThere(`${path}${COMPILED}`);
    const script = scriptOf(path, cachedData);
    const part = {
      module: { exports: {} },
      isCompiled: cachedData !== undefined && script.cachedDataRejected === false,
    };
    // Before it runs: parts may need each other.
    this.#loaded.set(name, part);
    const run = script.runInThisContext() as Run;
    run(part.module.exports, (id) => this.#require(id), part.module, path, this.#directory);
    return part.module.exports;
  }

  /** What was loaded until now, and whether its compiled form was of use. */
  get loaded(): readonly { readonly name: string; readonly isCompiled: boolean }[] {
    return [...this.#loaded].map(([name, { isCompiled }]) => ({ name, isCompiled }));
  }

  #require(id: string): unknown {
    return id.startsWith('./') ? this.load(id.slice(2)) : this.#requirePackage(id);
  }
}

/** Writes the compiled form of a part beside it, for the Node that runs this. */
export function compilePart(path: string): void {
  // Every function, and not only those that run at once: a successor needs most of them in its first 100 ms. The flag has to be back before
  // the result is made, which names the flags that it is for.
  keepYoungSpaceSmall();
  setFlagsFromString('--no-lazy');
  let script: Script;
  try {
    script = scriptOf(path);
  } finally {
    setFlagsFromString('--lazy');
  }
  writeFileSync(`${path}${COMPILED}`, script.createCachedData());
}

function scriptOf(path: string, cachedData?: Buffer): Script {
  const bytes = readFileSync(path);
  // Most are, and are read in half the time when nobody looks for more.
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const source = `${HEAD}${text}${TAIL}`;
  return new Script(source, { filename: path, ...(cachedData && { cachedData }) });
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
