// A YAML file that still knows where each of its values stands, with values from the environment and the command line laid over it.
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { ConfigError, type ConfigProblem } from './config-error.ts';

export type SettingPath = readonly (string | number)[];

/** A value from outside the file, e.g. { path: ['run_directory'], value: '/tmp/x', place: 'option --run-directory' }. */
export type Override = {
  readonly path: SettingPath;
  readonly value: string;
  readonly place: string;
};

const MAX_FOUND = 60;

export class ConfigDocument {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #overrides: readonly Override[];
  /** The file as plain data. Integers beyond 2^53 are bigints, so that nothing is rounded silently. */
  readonly values: unknown;

  /** Throws ConfigError with what is wrong as YAML: the first fault of form, since those behind it mostly follow from it, or else every key that is there twice. */
  constructor(text: string, file: string, overrides: readonly Override[]) {
    this.#file = file;
    this.#overrides = overrides;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      intAsBigInt: true,
      prettyErrors: false,
    });
    const faults = [...this.#document.errors, ...this.#document.warnings];
    const [broken] = faults
      .filter(({ code }) => code !== 'DUPLICATE_KEY')
      .sort((a, b) => a.pos[0] - b.pos[0]);
    if (broken !== undefined) throw new ConfigError([this.#malformed(text, broken)]);
    if (faults.length > 0) {
      throw new ConfigError(
        faults.map(({ pos }) => ({
          place: this.#at(pos[0]),
          setting: '',
          found: `a key for the second time, ${quote(lineAt(text, pos[0]))}`,
          expected: 'every key once',
        })),
      );
    }
    this.values = overlay(plain(this.#toData()), overrides);
  }

  /** Whether there is a value at `path`, good or not. */
  has(path: SettingPath): boolean {
    const node = this.#node(path);
    return (
      this.#override(path) !== undefined || (node !== undefined && !(isScalar(node) && node.value === null))
    );
  }

  /** A problem with the value at `path`, or with its absence. */
  problem(path: SettingPath, expected: string): ConfigProblem {
    return { place: this.#place(path), setting: settingName(path), found: this.#found(path), expected };
  }

  /** A problem whose `found` is said better than by quoting the file. */
  problemWith(path: SettingPath, found: string, expected: string): ConfigProblem {
    return { place: this.#place(path), setting: settingName(path), found, expected };
  }

  /** A problem with a key itself, e.g. one that does not exist. */
  keyProblem(path: SettingPath, key: string, found: string, expected: string): ConfigProblem {
    const parent = this.#node(path);
    const pair = isMap(parent)
      ? parent.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === key)
      : undefined;
    const node = isNode(pair?.key) ? pair.key : parent;
    return { place: this.#nodePlace(node), setting: settingName([...path, key]), found, expected };
  }

  #malformed(text: string, { pos, message }: YAMLError): ConfigProblem {
    return {
      place: this.#at(pos[0]),
      setting: '',
      found: `text that is not valid YAML, ${quote(lineAt(text, pos[0]))} (${message})`,
      expected:
        'YAML; most often it is the indentation of this line, or what is missing at the end of the one before',
    };
  }

  #toData(): unknown {
    try {
      return this.#document.toJS();
    } catch (error) {
      // Aliases that multiply without end are refused by the parser here, without a position.
      const found = `aliases that cannot be resolved (${(error as Error).message})`;
      throw new ConfigError([{ place: this.#file, setting: '', found, expected: 'plain values' }]);
    }
  }

  #place(path: SettingPath): string {
    const override = this.#override(path);
    if (override) return override.place;
    // Where something is missing, the thing that lacks it is the place.
    for (let length = path.length; length >= 0; length--) {
      const node = this.#node(path.slice(0, length));
      if (node?.range) return this.#nodePlace(node);
    }
    return `${this.#file}:1:1`;
  }

  #found(path: SettingPath): string {
    const override = this.#override(path);
    if (override) return quote(override.value);
    const node = this.#node(path);
    if (node === undefined || (isScalar(node) && node.value === null)) return 'nothing';
    if (isCollection(node)) return isMap(node) ? 'a mapping' : 'a list';
    return quote(isScalar(node) ? (node.source ?? String(node.value)) : String(node));
  }

  #override(path: SettingPath): Override | undefined {
    return this.#overrides.find((override) => settingName(override.path) === settingName(path));
  }

  #node(path: SettingPath): Node | undefined {
    let node = this.#resolve(this.#document.contents);
    for (const step of path) {
      if (!isCollection(node)) return undefined;
      const item: unknown = isMap(node)
        ? node.items.find((pair) => keyText(pair) === String(step))?.value
        : node.get(step, true);
      node = this.#resolve(item);
    }
    return node;
  }

  #resolve(node: unknown): Node | undefined {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    return isNode(target) ? target : undefined;
  }

  #nodePlace(node: Node | undefined): string {
    return node?.range ? this.#at(node.range[0]) : `${this.#file}:1:1`;
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file}:${line}:${col}`;
  }
}

/** Nothing but comments and white space. */
export function isEmptyYaml(text: string): boolean {
  const { contents, errors } = parseDocument(text, { prettyErrors: false });
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));
}

/** A top-level value of a file that may be broken elsewhere. */
export function looseSetting(text: string, key: string): unknown {
  const { contents } = parseDocument(text, { prettyErrors: false });
  return isMap(contents) ? contents.get(key) : undefined;
}

function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}

/** "vms[0].blob_heaps.1" */
function settingName(path: SettingPath): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`;
    return name === '' ? step : `${name}.${step}`;
  }, '');
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end);
}

function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `"${line.length > MAX_FOUND ? `${line.slice(0, MAX_FOUND)}…` : line}"`;
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= 0n ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

/** Lays values over top-level settings and over settings one level down (metrics.listen). */
function overlay(values: unknown, overrides: readonly Override[]): unknown {
  if (overrides.length === 0) return values;
  const isEmpty = values === null || values === undefined;
  if (!isEmpty && (typeof values !== 'object' || Array.isArray(values))) return values;
  const result: Record<string, unknown> = { ...(values as object | null) };
  for (const { path, value } of overrides) {
    const [first, second] = path;
    if (second === undefined) result[String(first)] = value;
    else result[String(first)] = { ...(result[String(first)] as object | null), [String(second)]: value };
  }
  return result;
}
