import { describe, expect, it } from 'vitest';
import { MetricsPage } from './metrics-page.ts';

const PAGE = new MetricsPage(`# HELP barkeep_mappings Live mappings.
# TYPE barkeep_mappings gauge
barkeep_mappings{vm="win",cache="cached"} 3
barkeep_mappings{vm="win",cache="wc"} 2
barkeep_mappings{vm="blob",cache="wc"} 1
barkeep_vms_configured 4
barkeep_odd{vm="a \\"b\\", c",le="+Inf"} 1.5e+3
`);

describe('MetricsPage', () => {
  it('sums the samples whose labels match, and has 0 for none', () => {
    expect(PAGE.sum('barkeep_mappings', { vm: 'win' })).toBe(5);
    expect(PAGE.sum('barkeep_mappings', { cache: 'wc' })).toBe(3);
    expect(PAGE.sum('barkeep_mappings', { vm: 'gone' })).toBe(0);
    expect(PAGE.sum('barkeep_vms_configured')).toBe(4);
  });

  it('reads quoted labels and exponents', () => {
    expect(PAGE.find('barkeep_odd')).toEqual([
      { name: 'barkeep_odd', labels: { vm: 'a \\"b\\", c', le: '+Inf' }, value: 1500 },
    ]);
  });

  it('names the series of a label value', () => {
    expect(PAGE.namesWith('vm', 'win')).toEqual(['barkeep_mappings']);
    expect(PAGE.namesWith('vm', 'gone')).toEqual([]);
  });

  it('refuses a page that it cannot read', () => {
    expect(() => new MetricsPage('not a sample')).toThrow('not a sample');
  });
});
