// What the cycles of real guests have to reach, and the table that the README shows of them.
import {
  type GuestFigures,
  middle,
  PLACEMENTS,
  type Placement,
  SIZES,
  type SideName,
  type Size,
  UNLOADED_EVERY,
} from './guest-cycles.ts';
import { atLeast, atMost, middleOf, type Row, rate, ratiosOf, stated } from './row.ts';

/** Against the bare back-end, which answers at once. */
const OF_CEILING: Readonly<Record<Placement, Readonly<Record<Size, number>>>> = {
  window: { '4 KiB': 0.8, '2 MiB': 0.85 },
  'per-blob': { '4 KiB': 0.8, '2 MiB': 0.8 },
};
/** Against QEMU's in-process device: cycles a second, and the time of an unloaded one. */
const OF_PEER: Readonly<Record<Placement, { readonly rate: number; readonly unloaded: number }>> = {
  window: { rate: 15, unloaded: 1 },
  'per-blob': { rate: 4, unloaded: 1.5 },
};
/** Create and map at most so many times as slow with the most live blobs as with the fewest: what a second look finds by itself. */
const FLAT = 1.25;

const sizes = Object.keys(SIZES) as Size[];
const milliseconds = (value: number): string => value.toFixed(2);

export function guestRows(figures: GuestFigures): readonly Row[] {
  return [...PLACEMENTS.flatMap((placement) => ceilingRows(figures, placement)), aliveRow(figures)];
}

export function peerRows(figures: GuestFigures): readonly Row[] {
  return PLACEMENTS.flatMap((placement) => [
    ...sizes.map((size) => peerRow(figures, placement, size)),
    peerUnloadedRow(figures, placement),
  ]);
}

function ceilingRows({ rates, unloaded }: GuestFigures, placement: Placement): readonly Row[] {
  const ours = `${placement}/ours` as const;
  const bare = `${placement}/bare` as const;
  const cycles = sizes.map((size) => {
    const of = (side: SideName) => rates[size].get(side) ?? [];
    const { value, rounds } = middleOf(ratiosOf(of(ours), of(bare)));
    const beside = (side: SideName, what: string): string => {
      if (!rates[size].has(side)) return '';
      const ratio = middleOf(ratiosOf(of(ours), of(side))).value.toFixed(2);
      return `; ${ratio} of one that ${what} (${rate(middle(rates[size], side))}/s)`;
    };
    const found =
      `${value.toFixed(2)} (${rate(middle(rates[size], ours))}/s against ${rate(middle(rates[size], bare))}/s; ${rounds})` +
      beside(`${placement}/journal`, 'writes a journal') +
      beside(`${placement}/zeroing`, 'zeroes what it maps and gives back what ends');
    const what = `Guest cycles of ${size}, ${placement} placement, against a bare back-end`;
    return atLeast(OF_CEILING[placement][size], what, value, found);
  });
  const time = middle(unloaded, ours);
  return [
    ...cycles,
    stated(
      `Guest cycle of 4 KiB, ${placement} placement, unloaded (one per ${UNLOADED_EVERY} ms, p50)`,
      time,
      `${milliseconds(time)} ms against ${milliseconds(middle(unloaded, bare))} of a bare back-end`,
    ),
  ];
}

function aliveRow({ alive }: GuestFigures): Row {
  const times = [...alive.values()];
  const value = (times.at(-1) ?? Number.NaN) / (times[0] ?? Number.NaN);
  const counts = [...alive.keys()].map((count) => count.toLocaleString('en'));
  const found = `${value.toFixed(2)} (${times.map(milliseconds).join(', ')} ms at ${counts.join(', ')})`;
  const what = `Create and map in a guest, window placement, at ${counts.at(-1)} live blobs against ${counts[0]}`;
  return atMost(FLAT, what, value, found);
}

function peerRow({ rates }: GuestFigures, placement: Placement, size: Size): Row {
  const ours = `${placement}/ours` as const;
  const { value, rounds } = middleOf(ratiosOf(rates[size].get(ours) ?? [], rates[size].get('peer') ?? []));
  const found = `${value.toFixed(1)} (${rate(middle(rates[size], ours))}/s against ${rate(middle(rates[size], 'peer'))}/s; ${rounds})`;
  const what = `Guest cycles of ${size}, ${placement} placement, against QEMU's in-process device as shipped`;
  return atLeast(OF_PEER[placement].rate, what, value, found, { digits: 1 });
}

function peerUnloadedRow({ unloaded }: GuestFigures, placement: Placement): Row {
  const ours = middle(unloaded, `${placement}/ours`);
  const peer = middle(unloaded, 'peer');
  const what = `Guest cycle of 4 KiB, ${placement} placement, unloaded, against QEMU's in-process device`;
  const found = `${(ours / peer).toFixed(2)} (${milliseconds(ours)} ms against ${milliseconds(peer)})`;
  return atMost(OF_PEER[placement].unloaded, what, ours / peer, found);
}

const NAMES: readonly (readonly [SideName, string])[] = [
  ['window/bare', 'a bare back-end, no broker, window placement'],
  ['window/journal', 'the same, writing a journal'],
  ['window/zeroing', 'the same, zeroing what it maps and giving back what ends'],
  ['window/ours', '**ours, window placement**'],
  ['per-blob/bare', 'a bare back-end, one mapping a blob'],
  ['per-blob/journal', 'the same, writing a journal'],
  ['per-blob/ours', '**ours, per-blob placement**'],
  ['peer', "QEMU's in-process virtio-gpu-gl, as shipped"],
];

/** Markdown, with what has to be said beside it. */
export function guestTable({ rates, unloaded }: GuestFigures): string {
  const lines = NAMES.filter(([side]) => unloaded.has(side)).map(([side, name]) => {
    const cells = sizes.map((size) => rate(middle(rates[size], side)));
    return `| ${[name, ...cells, milliseconds(middle(unloaded, side))].join(' | ')} |`;
  });
  const heads = ['', ...sizes.map((size) => `${size} cycles/s`), 'unloaded p50, 4 KiB, ms'];
  const note = unloaded.has('peer')
    ? "\nThe peer's rate is one 10 ms sleep: QEMU waits for an RCU grace period when it maps a blob. Unloaded it hardly shows.\n"
    : '';
  return `| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}\n${lines.join('\n')}\n${note}`;
}
