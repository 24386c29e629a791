import type { Cursor } from './cursor';
import { Failure } from './errors';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A cursor that was made up: the caller's mistake, told before the database would stumble over it. */
export const badCursor = () =>
  new Failure('BAD_USER_INPUT', 'after: expected the endCursor of a page of this list.');

export const isUuid = (key: unknown): key is string => typeof key === 'string' && UUID.test(key);

/** The row id that a cursor holds at `index`. Throws BAD_USER_INPUT where something else stands there. */
export function cursorId(cursor: Cursor, index: number): string {
  const key = cursor[index];
  if (!isUuid(key)) throw badCursor();
  return key;
}
