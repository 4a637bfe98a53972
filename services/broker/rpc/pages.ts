// Pages of lists: how many items one answer has, and where the next answer goes on.
import { StatusError } from '../../lib/rpc/status-error.ts';

// proto: AdminService.
const DEFAULT_SIZE = 100;
const MOST = 1000;

export type PageRequest = {
  readonly pageSize?: number | null | undefined;
  readonly pageToken?: string | null | undefined;
};

/** Where a list goes on: behind this item of this group (a VM, a heap). Without an item: behind the whole group. */
export type Position = { readonly group: string; readonly item: number | null };

export type Page<Item> = { readonly items: Item[]; readonly nextPageToken: string };

/** Throws StatusError PAGE_INVALID. */
export function pageSizeOf({ pageSize }: PageRequest): number {
  if (!pageSize) return DEFAULT_SIZE;
  if (pageSize <= MOST) return pageSize;
  throw new StatusError('PAGE_INVALID', `a page of ${pageSize} items was asked for; ${MOST} is the most`);
}

/** Null for the first page. Throws StatusError PAGE_INVALID. */
export function positionOf({ pageToken }: PageRequest): Position | null {
  if (!pageToken) return null;
  const match = /^([a-z0-9._-]{1,64})(?:\/(\d{1,16}))?$/i.exec(
    Buffer.from(pageToken, 'base64url').toString('latin1'),
  );
  const item = match?.[2] === undefined ? null : Number(match[2]);
  if (match?.[1] !== undefined && (item === null || Number.isSafeInteger(item)))
    return { group: match[1], item };
  throw new StatusError(
    'PAGE_INVALID',
    'the page token is none that an answer gave; begin again without one',
  );
}

/**
 * One page of `source`, which yields items in order, from behind `after` on; `positionOfItem` is where each lies.
 * At most one item more than the page is asked of the source.
 */
export function pageOf<Item>(
  source: Iterable<Item>,
  size: number,
  positionOfItem: (item: Item) => Position,
): Page<Item> {
  const items: Item[] = [];
  for (const item of source) {
    const last = items.at(-1);
    if (items.length === size && last !== undefined) {
      return { items, nextPageToken: tokenOf(positionOfItem(last)) };
    }
    items.push(item);
  }
  return { items, nextPageToken: '' };
}

function tokenOf({ group, item }: Position): string {
  return Buffer.from(item === null ? group : `${group}/${item}`, 'latin1').toString('base64url');
}
