// From the broker's statistics to the text that Prometheus reads (exposition format 0.0.4). They come a page of VMs at a time; the lines of
// one metric have to stand together, so each has text of its own, and a page is forgotten as soon as it is printed.
// Nothing is kept between scrapes: the series of a VM that is gone are gone with it.
import { countFromWire } from '../lib/rpc/u64.ts';
import {
  type Add,
  DEFINITIONS,
  type Definition,
  type Histogram,
  type Statistics,
  VM_STAGES,
  type VmStatistics,
} from './definitions.ts';
import { type ChunkPool, TextChunks } from './text-chunks.ts';

/** What stands above the samples of a metric, and in them. */
export type Heading = Pick<Definition, 'name' | 'help' | 'type' | 'labels'>;

/** One metric on its way to the page. */
export class Family {
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #head: string;
  readonly #text: TextChunks;
  #isEmpty = true;

  constructor({ name, help, type, labels }: Heading, pool: ChunkPool) {
    this.#text = new TextChunks(pool);
    this.#name = name;
    this.#labels = labels;
    this.#head = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
  }

  /** `values` of the labels, in their order. */
  add(value: number, values: readonly string[]): void {
    this.#line(this.#name, this.#labelled(values), value);
  }

  addHistogram({ bounds, counts, sum }: Histogram, values: readonly string[]): void {
    const labels = this.#labelled(values);
    const separator = labels === '' ? '' : ',';
    let cumulative = 0;
    for (const [index, count] of (counts ?? []).entries()) {
      cumulative += countFromWire(count);
      const bound = bounds?.[index];
      const le = bound === undefined ? '+Inf' : String(bound);
      this.#line(`${this.#name}_bucket`, `${labels}${separator}le="${le}"`, cumulative);
    }
    this.#line(`${this.#name}_sum`, labels, sum ?? 0);
    this.#line(`${this.#name}_count`, labels, cumulative);
  }

  /** Nothing for a metric without a sample. */
  bytes(): readonly Buffer[] {
    return this.#text.bytes();
  }

  #labelled(values: readonly string[]): string {
    let text = '';
    for (const [index, label] of this.#labels.entries()) {
      text += `${index === 0 ? '' : ','}${label}="${escaped(values[index] ?? '')}"`;
    }
    return text;
  }

  #line(name: string, labels: string, value: number): void {
    if (this.#isEmpty) this.#text.add(this.#head);
    this.#isEmpty = false;
    this.#text.add(labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`);
  }
}

/** What the broker said, as text: pages in, bytes out. */
export class Exposition {
  readonly #families: ReadonlyMap<Definition, Family>;

  /** `hasVmHistograms`: the durations of each VM as well. */
  constructor(hasVmHistograms: boolean, pool: ChunkPool) {
    const wanted = DEFINITIONS.filter((definition) => hasVmHistograms || definition !== VM_STAGES);
    this.#families = new Map(wanted.map((definition) => [definition, new Family(definition, pool)]));
  }

  /** What is not of one VM: the first page alone has it. */
  host(statistics: Statistics): void {
    for (const [definition, family] of this.#families) {
      if (definition.of === 'host') read(definition, statistics, family, []);
    }
  }

  vm(statistics: VmStatistics): void {
    const vm = statistics.vm?.name ?? '';
    for (const [definition, family] of this.#families) {
      if (definition.of === 'vm') read(definition, statistics, family, [vm]);
    }
    if (statistics.frontend?.process) this.process('frontend', vm, statistics.frontend.process);
  }

  process(service: string, vm: string, figures: NonNullable<Statistics['process']>): void {
    for (const [definition, family] of this.#families) {
      if (definition.of === 'process') read(definition, figures, family, [service, vm]);
    }
  }

  bytes(): Buffer[] {
    return [...this.#families.values()].flatMap((family) => family.bytes());
  }
}

type Reading<Subject> =
  | { readonly type: 'gauge' | 'counter'; readonly read: (subject: Subject, add: Add<number>) => void }
  | { readonly type: 'histogram'; readonly read: (subject: Subject, add: Add<Histogram>) => void };

function read<Subject>(
  definition: Reading<Subject>,
  subject: Subject,
  family: Family,
  first: readonly string[],
): void {
  if (definition.type === 'histogram') {
    definition.read(subject, (histogram, ...labels) => family.addHistogram(histogram, [...first, ...labels]));
  } else {
    definition.read(subject, (value, ...labels) => family.add(value, [...first, ...labels]));
  }
}

/** Names of the configuration and of the contract have nothing to escape. */
const SPECIAL = /[\\"\n]/;

function escaped(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
