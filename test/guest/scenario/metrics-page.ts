// The metrics endpoint as Prometheus sees it: a page of text, parsed into samples.
import { patient } from '../patience.ts';

export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const SCRAPE_LIMIT = patient(5000);

export class MetricsPage {
  readonly #samples: readonly Sample[];

  constructor(text: string) {
    this.#samples = parse(text);
  }

  /** Throws when nobody serves there, or not in time. */
  static async fetch(url: string): Promise<MetricsPage> {
    const response = await fetch(url, { signal: AbortSignal.timeout(SCRAPE_LIMIT) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
    return new MetricsPage(text);
  }

  /** Samples of that name whose labels include these. */
  find(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels);
    return this.#samples.filter(
      (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** Their sum; 0 without any. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.find(name, labels).reduce((sum, sample) => sum + sample.value, 0);
  }

  /** Names of the series that carry this label value. */
  namesWith(label: string, value: string): readonly string[] {
    return [
      ...new Set(
        this.#samples.filter((sample) => sample.labels[label] === value).map((sample) => sample.name),
      ),
    ];
  }
}

function parse(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const match = LINE.exec(line);
    if (match === null) throw new Error(`a line of the metrics page cannot be read: ${line}`);
    const labels = [...(match[2] ?? '').matchAll(LABEL)].map((label) => [label[1]!, label[2]!] as const);
    return [{ name: match[1]!, labels: Object.fromEntries(labels), value: Number(match[3]) }];
  });
}
