import { filterSql } from '../../kernel/filter/filter-sql';
import type { FilterNode } from '../../kernel/filter/filter-tree';
import type { RunFactSql } from './run-fact-sql';
import { runPredicate } from './run-predicate';

/**
 * The SQL of a part of a filter over `run r`. What is asked of something that a run does not have is not true, whatever
 * is asked, but for IS NULL; its NOT is true. A metric of NaN is neither less nor more than any number.
 */
export function runFilterSql(node: FilterNode, facts: RunFactSql, parameters: unknown[]): string {
  return filterSql(node, (predicate) => {
    const { fact, test } = runPredicate(predicate);
    if (predicate.kind !== 'null') return facts.of(fact, (value) => test(value, parameters));
    const isThere = facts.of(fact, (value) => `${value} IS NOT NULL`);
    return `(${isThere}) IS ${predicate.isNegated ? 'TRUE' : 'NOT TRUE'}`;
  });
}

/** Throws BAD_USER_INPUT, with the position, for what cannot be asked of a run. */
export function checkRunFilter(node: FilterNode): void {
  filterSql(node, (predicate) => runPredicate(predicate).fact.kind);
}
