import { invalidInput, shorten, type InvalidInput } from '../kernel/errors';
import type { KeyValue } from './run';

/**
 * A param never changes: the refusal of those that are there with another value. Null where there are none.
 *
 * @param stored the values that the keys of `params` have now
 */
export function paramConflict(params: readonly KeyValue[], stored: readonly KeyValue[]): InvalidInput | null {
  const valueOf = new Map(stored.map(({ key, value }) => [key, value]));
  const issues = params.flatMap(({ key, value }, index) => {
    const before = valueOf.get(key);
    if (before === value) return [];
    const expected = `“${shorten(before ?? '')}”, which “${shorten(key)}” has: a param never changes`;
    return [{ path: `params[${index}].value`, expected, actual: `“${shorten(value)}”` }];
  });
  return issues.length === 0 ? null : invalidInput(issues);
}
