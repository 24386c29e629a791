import type { PageRequest } from '../../kernel/cursor';
import { bind } from '../../kernel/filter/filter-sql';
import type { FilterNode } from '../../kernel/filter/filter-tree';
import type { ProjectId } from '../../kernel/ids';
import { afterSql, orderSql, sortTexts } from '../../kernel/database/keyset';
import { lookups, RunFactJoins } from './run-fact-sql';
import { inScopeSql, scopeSet, type RunScope } from './run-scope';
import { conditionSql, sortColumns, type ParsedSearch } from './run-search';
import { intersectionSql, runSet, type RunSet } from './run-sets';
import type { RunWalk } from './run-walk';
import { RUN } from '../tracking.queries';

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A part of a search that an index helps with: of the filter, or (null) the experiments. */
export interface SearchSet extends RunSet {
  readonly part: FilterNode | null;
}

/** What all shapes of a page's statement are made from. */
export interface SearchPage {
  readonly projectId: ProjectId;
  readonly scope: RunScope;
  readonly search: ParsedSearch;
  readonly request: PageRequest;
}

/** The parts of the search that an index helps with. */
export function searchSets({ scope, search }: SearchPage): readonly SearchSet[] {
  const sets = search.conjuncts.map((part) => {
    const set = runSet(part);
    return set && { ...set, part };
  });
  const ofScope = scope.experiments && { ...scopeSet(scope.experiments), part: null };
  return [...sets, ofScope].filter((set) => set !== null);
}

/** How many runs are in each of these sets, counted up to `limit`: the columns `size_0`, `size_1`, … */
export function sizesStatement({ projectId }: SearchPage, sets: readonly RunSet[], limit: number): Statement {
  const parameters: unknown[] = [projectId];
  const counts = sets.map(
    (set, at) => `(SELECT count(*) FROM (${set.sql(parameters)} LIMIT ${limit}) s)::int AS size_${at}`,
  );
  return { sql: `/* tracking.runSetSizes */ SELECT ${counts.join(', ')}`, parameters };
}

/**
 * Asks each run that is in all the sets about what the sets do not tell. Finds none where there are more than
 * `mostCandidates`: the row says how many there are.
 */
export function withinStatement(
  page: SearchPage,
  sets: readonly SearchSet[],
  mostCandidates: number,
): Statement {
  const parameters: unknown[] = [page.projectId];
  const told = new Set(sets.filter(({ isExact }) => isExact).map(({ part }) => part));
  const asked = page.search.conjuncts.filter((part) => !told.has(part));
  const candidates = `SELECT s.run_id AS id, NULL::int AS value FROM (${intersectionSql(sets, parameters)}) s
    LIMIT ${mostCandidates + 1}`;
  const areFew = `(SELECT count(*) FROM candidate) <= ${mostCandidates}`;
  return candidatesStatement(
    'runsInSets',
    page,
    { candidates, asked, condition: areFew, isTied: 'FALSE', value: undefined },
    parameters,
  );
}

/** Asks the next `rows` runs of the walk. */
export function alongStatement(page: SearchPage, walk: RunWalk, rows: number): Statement {
  const parameters: unknown[] = [page.projectId];
  const candidates = walk.sql(rows, parameters);
  const asked = page.search.conjuncts;
  return candidatesStatement(
    'runsInOrder',
    page,
    { candidates, asked, condition: 'TRUE', isTied: 'p.sort_0 = candidates.last_value', value: 'c.value' },
    parameters,
  );
}

/** Reads every fact of the search, for all runs. */
export function joinedStatement({ projectId, scope, search, request }: SearchPage): Statement {
  const parameters: unknown[] = [projectId];
  const joins = new RunFactJoins(parameters);
  const columns = sortColumns(search.sorts, joins);
  const condition = conditionSql(search.conjuncts, joins, parameters);
  const sql = `/* tracking.runsJoined */ WITH found AS (SELECT r.id, ${columns} FROM run r ${joins.sql}
      WHERE ${inScopeSql(scope, parameters)} AND ${condition})
    SELECT ${RUN}, ${sortTexts(search.sorts, 'p')}
    FROM (${pageSql(search, request, parameters)}) p ${RUN_OF_PAGE} ON TRUE ORDER BY ${orderSql(search.sorts, 'p')}`;
  return { sql, parameters };
}

/** OFFSET 0 keeps the planner from turning looks into an index into a reading of the whole table. */
const RUN_OF_PAGE = 'LEFT JOIN LATERAL (SELECT run.* FROM run WHERE run.id = p.id OFFSET 0) r';

/**
 * Besides its run, a row tells how many candidates there were, and whether the last of them has the same place in the
 * list. A page of no runs is one row without a run.
 */
function candidatesStatement(
  label: string,
  { scope, search, request }: SearchPage,
  over: {
    readonly candidates: string;
    readonly asked: readonly FilterNode[];
    readonly condition: string;
    readonly isTied: string;
    readonly value: string | undefined;
  },
  parameters: unknown[],
): Statement {
  const { sorts } = search;
  const facts = lookups('c.id', parameters);
  const last = sorts[0]?.direction === 'ASC' ? 'max' : 'min';
  const sql = `/* tracking.${label} */ WITH candidate AS MATERIALIZED (${over.candidates}), found AS (
      SELECT c.id, ${sortColumns(sorts, facts, over.value)} FROM candidate c
      CROSS JOIN LATERAL (SELECT run.* FROM run WHERE run.id = c.id OFFSET 0) r
      WHERE ${over.condition} AND ${inScopeSql(scope, parameters)}
        AND ${conditionSql(over.asked, facts, parameters)} OFFSET 0)
    SELECT ${RUN}, ${sortTexts(sorts, 'p')}, candidates.count, ${over.isTied} AS "isTied"
    FROM (SELECT count(*)::int AS count, ${last}(value) AS last_value FROM candidate) candidates
    LEFT JOIN (${pageSql(search, request, parameters)}) p ON TRUE ${RUN_OF_PAGE} ON TRUE
    ORDER BY ${orderSql(sorts, 'p')}`;
  return { sql, parameters };
}

const pageSql = ({ sorts }: ParsedSearch, { first, after }: PageRequest, parameters: unknown[]) =>
  `SELECT * FROM found f WHERE ${afterSql(sorts, after, 'f', parameters)}
   ORDER BY ${orderSql(sorts, 'f')} LIMIT ${bind(parameters, first + 1, 'int')}`;
