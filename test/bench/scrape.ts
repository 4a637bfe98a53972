// What a scrape of a host with many VMs costs the metrics endpoint.
import { FullHost } from '../metrics/full-host.ts';
import type { Row } from './row.ts';

/** V8 compiles what runs often, and its heap finds its size. */
const WARM_UP = 5;

/** Bytes; milliseconds of processor time a scrape. */
export type ScrapeCost = {
  readonly series: number;
  readonly plainBytes: number;
  readonly gzipBytes: number;
  readonly plainProcessor: number;
  readonly gzipProcessor: number;
  readonly peakBytes: number;
};

export async function measureScrape(load: {
  readonly vms: number;
  readonly hasVmHistograms: boolean;
  readonly scrapes: number;
}): Promise<ScrapeCost> {
  const host = await FullHost.start(load.vms, load.hasVmHistograms);
  try {
    const measure = async (encoding: 'gzip' | 'identity') => {
      for (let scrape = 0; scrape < WARM_UP; scrape += 1) await host.scrape(encoding);
      const before = host.processorTime();
      let last = await host.scrape(encoding);
      for (let scrape = 1; scrape < load.scrapes; scrape += 1) last = await host.scrape(encoding);
      return { ...last, processor: (host.processorTime() - before) / load.scrapes };
    };
    const gzip = await measure('gzip');
    const plain = await measure('identity');
    return {
      series: plain.text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
      plainBytes: plain.bytes,
      gzipBytes: gzip.bytes,
      plainProcessor: plain.processor,
      gzipProcessor: gzip.processor,
      peakBytes: host.peakBytes(),
    };
  } finally {
    await host.stop();
  }
}

const VMS = 1000;

export async function scrapeRows(scrapes: number, progress: (text: string) => void): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const hasVmHistograms of [false, true]) {
    const histograms = hasVmHistograms ? ', with histograms of each VM' : '';
    progress(`${scrapes} scrapes of 1,000 VMs${histograms}`);
    const cost = await measureScrape({ vms: VMS, hasVmHistograms, scrapes });
    rows.push({
      what: `A scrape of 1,000 VMs${histograms}: processor time, and the endpoint's resident memory`,
      found:
        `${cost.gzipProcessor.toFixed(0)} ms with gzip, ${cost.plainProcessor.toFixed(0)} ms without; ${mega(cost.peakBytes)} MB; ` +
        `${cost.series.toLocaleString('en')} series, ${mega(cost.gzipBytes)} of ${mega(cost.plainBytes)} MB on the wire`,
      goal: hasVmHistograms ? 'stated' : 'below 300 ms and 128 MB',
      value: cost.gzipProcessor,
      reached: hasVmHistograms || (cost.gzipProcessor < 300 && cost.peakBytes < 128e6),
    });
  }
  return rows;
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
