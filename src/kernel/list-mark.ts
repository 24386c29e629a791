import { createHash } from 'node:crypto';
import type { Cursor, PageRequest } from './cursor';
import { Failure } from './errors';

/** What a list is asked for beside its pages and its owner. */
interface Asked {
  readonly filter: string | null;
  readonly orderBy: readonly string[];
  readonly view?: string;
}

/** Characters of a digest that tell lists apart: nobody gains by making one up, who could ask for that list as well. */
const MARK_LENGTH = 8;

const markOf = ({ filter, orderBy, view = '' }: Asked): string =>
  createHash('sha256')
    .update(JSON.stringify([filter ?? '', orderBy, view]))
    .digest('base64url')
    .slice(0, MARK_LENGTH);

/** A cursor that fits this list alone: in another order the keys of its row are some other place, and no error. */
export const markedFor = (asked: Asked, cursor: Cursor): Cursor => [markOf(asked), ...cursor];

/** The page that such a cursor was given for. Throws BAD_USER_INPUT where it is of another list. */
export function unmarked(asked: Asked, request: PageRequest): PageRequest {
  if (request.after === null) return request;
  const [mark, ...after] = request.after;
  if (mark === markOf(asked)) return { ...request, after };
  const expected = 'one of a list with the same filter, order and view';
  throw new Failure('BAD_USER_INPUT', `after (page_token): expected ${expected}, got one of another list.`);
}
