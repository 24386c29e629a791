import { decodeCursor, type PageRequest } from '../../kernel/cursor';
import type { LifecycleView } from '../../tracking/tracking';
import type { Fields } from './fields';
import { invalidParameter } from './mlflow-error';

/** Things on a page where a client does not say how many. */
const USUAL_PAGE = 1_000;

const VIEWS = { ACTIVE_ONLY: 'ACTIVE', DELETED_ONLY: 'DELETED', ALL: 'ALL' } as const satisfies Record<
  string,
  LifecycleView
>;

/** Which of the things that may be deleted are asked for: those that are not, where nothing is said. */
export const viewOf = (fields: Fields, name: string): LifecycleView =>
  VIEWS[fields.word(name, ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']) ?? 'ACTIVE_ONLY'];

/**
 * @param keys those of the list's cursors, which are its page tokens
 * @param absent the size of the page where the client does not say it; null: it must
 */
export function readPage(
  fields: Fields,
  {
    max,
    keys,
    absent = USUAL_PAGE,
  }: { readonly max: number; readonly keys: number; readonly absent?: number | null },
): PageRequest {
  const first = fields.count('max_results', { max, absent: absent === null ? null : Math.min(absent, max) });
  const token = fields.optionalText('page_token');
  if (token === null) return { first, after: null };
  const after = decodeCursor(token, keys);
  if (!after)
    throw invalidParameter('Invalid page token: expected the next_page_token of a page of this list.');
  return { first, after };
}
