/** A page of a list, read forward. `endCursor` is null for an empty page. */
export interface Page<Row> {
  readonly nodes: readonly Row[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** What a caller asks of a list: at most `first` rows that come after `after`. */
export interface PageRequest {
  readonly first: number;
  readonly after: Cursor | null;
}

/** Every sort key of the last row of a page, its id last. */
export type Cursor = readonly (string | number | null)[];

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100; // a page is one statement and one answer: larger ones are asked for in turn

export function encodeCursor(keys: Cursor): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** Null where the text is not a cursor of `length` keys. */
export function decodeCursor(text: string, length: number): Cursor | null {
  try {
    const keys: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const isKey = (key: unknown) => key === null || typeof key === 'string' || typeof key === 'number';
    return Array.isArray(keys) && keys.length === length && keys.every(isKey) ? keys : null;
  } catch {
    return null;
  }
}

/** Cuts a page out of rows that were read with `LIMIT first + 1`. */
export function toPage<Row>(
  rows: readonly Row[],
  request: PageRequest,
  keysOf: (row: Row) => Cursor,
): Page<Row> {
  const nodes = rows.slice(0, request.first);
  const last = nodes.at(-1);
  return {
    nodes,
    hasNextPage: rows.length > request.first,
    endCursor: last === undefined ? null : encodeCursor(keysOf(last)),
  };
}
