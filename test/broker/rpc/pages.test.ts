import { describe, expect, it } from 'vitest';
import { pageOf, pageSizeOf, positionOf } from '../../../services/broker/rpc/pages.ts';
import { StatusError } from '../../../services/lib/rpc/status-error.ts';

const items = Array.from({ length: 250 }, (_, index) => index);
const position = (item: number) => ({ group: 'web-1', item });

describe('pages', () => {
  it('go on where the last one ended, and end', () => {
    const seen: number[] = [];
    let pageToken = '';
    let pages = 0;
    do {
      const after = positionOf({ pageToken })?.item ?? -1;
      const page = pageOf(
        items.filter((item) => item > after),
        pageSizeOf({}),
        position,
      );
      seen.push(...page.items);
      pageToken = page.nextPageToken;
      pages += 1;
    } while (pageToken !== '');
    expect(seen).toEqual(items);
    expect(pages).toBe(3);
  });

  it('have no token when the last item is the last of the list', () => {
    expect(pageOf([1, 2], 2, position).nextPageToken).toBe('');
    expect(pageOf([], 2, position)).toEqual({ items: [], nextPageToken: '' });
  });

  it('ask no more of a list than one item beyond the page', () => {
    let asked = 0;
    function* endless() {
      for (;;) {
        asked += 1;
        yield asked;
      }
    }
    expect(pageOf(endless(), 3, position).items).toEqual([1, 2, 3]);
    expect(asked).toBe(4);
  });

  it('are refused when they are too large, or when the token is none', () => {
    expect(pageSizeOf({ pageSize: 1000 })).toBe(1000);
    expect(() => pageSizeOf({ pageSize: 1001 })).toThrow(StatusError);
    const tokens = ['!', 'x y', '/5', 'web/1/2', 'web/-1', 'web/99999999999999999', '\0'];
    for (const token of tokens) {
      const pageToken = Buffer.from(token).toString('base64url');
      expect(() => positionOf({ pageToken }), token).toThrow('begin again without one');
    }
    expect(positionOf({ pageToken: Buffer.from('web-1.x/7').toString('base64url') })).toEqual({
      group: 'web-1.x',
      item: 7,
    });
  });
});
