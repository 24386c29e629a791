import { Failure } from '../../kernel/errors';
import { parseFilter, parseSortKey } from '../../kernel/filter/filter';
import { conjunctsOf, type FilterNode, type SortKey } from '../../kernel/filter/filter-tree';
import type { LifecycleView } from '../run';
import type { RunFactSql } from './run-fact-sql';
import { checkRunFilter, runFilterSql } from './run-filter';
import { runSort, type RunSort } from './run-sort';

/** What a client asks of a list of runs. */
export interface RunSearch {
  readonly filter: string | null;
  readonly orderBy: readonly string[];
  readonly view: LifecycleView;
}

/** A search that can be asked: parts that must all hold, and at least one sort key. */
export interface ParsedSearch {
  readonly conjuncts: readonly FilterNode[];
  readonly sorts: readonly RunSort[];
}

/** Most sort keys of one list: more than anybody tells runs apart by; each is a look into an index for every run. */
const MAX_SORT_KEYS = 20;
const NEWEST_FIRST: SortKey = { entity: 'attributes', key: 'start_time', direction: 'DESC', position: 1 };

/** Throws BAD_USER_INPUT, with the position, for what cannot be asked of runs. */
export function parseSearch({ filter, orderBy }: RunSearch): ParsedSearch {
  if (orderBy.length > MAX_SORT_KEYS) {
    throw new Failure('BAD_USER_INPUT', `orderBy: expected at most ${MAX_SORT_KEYS} keys.`);
  }
  const keys = orderBy.length === 0 ? [NEWEST_FIRST] : orderBy.map(parseSortKey);
  const conjuncts = conjunctsOf(parseFilter(filter ?? ''));
  conjuncts.forEach(checkRunFilter);
  return { conjuncts, sorts: keys.map(runSort) };
}

/** Whether what is found, or its order, depends on points. */
export const asksForMetrics = ({ conjuncts, sorts }: ParsedSearch): boolean =>
  sorts.some(({ fact }) => fact.kind === 'metric') || conjuncts.some(isAboutMetrics);

function isAboutMetrics(node: FilterNode): boolean {
  if ('children' in node) return node.children.some(isAboutMetrics);
  return 'child' in node ? isAboutMetrics(node.child) : node.entity === 'metrics';
}

/** The SQL of all of these parts over `run r`; `TRUE` for none. */
export function conditionSql(
  conjuncts: readonly FilterNode[],
  facts: RunFactSql,
  parameters: unknown[],
): string {
  if (conjuncts.length === 0) return 'TRUE';
  return conjuncts.map((node) => `(${runFilterSql(node, facts, parameters)})`).join(' AND ');
}

/**
 * The columns `sort_0`, `sort_1`, …
 *
 * @param first the SQL of the first one, where it is known already
 */
export const sortColumns = (sorts: readonly RunSort[], facts: RunFactSql, first?: string): string =>
  sorts
    .map(({ fact, expression }, at) => `${(at === 0 && first) || facts.of(fact, expression)} AS sort_${at}`)
    .join(', ');
