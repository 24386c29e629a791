import { toPage, type Page, type PageRequest } from '../../kernel/cursor';
import type { Database } from '../../kernel/database/database';
import { markedFor, unmarked } from '../../kernel/list-mark';
import { bind } from '../../kernel/filter/filter-sql';
import type { ProjectId } from '../../kernel/ids';
import { afterSql, keysetCursor, orderSql, sortTexts } from '../../kernel/database/keyset';
import { lookups } from './run-fact-sql';
import type { MetricFolder } from '../metrics/metric-folder';
import type { ExperimentId, Run } from '../run';
import { viewSql, type Experiments } from './run-scope';
import {
  asksForMetrics,
  conditionSql,
  parseSearch,
  sortColumns,
  type ParsedSearch,
  type RunSearch,
} from './run-search';
import {
  alongStatement,
  joinedStatement,
  searchSets,
  sizesStatement,
  withinStatement,
  type SearchPage,
  type SearchSet,
  type Statement,
} from './run-search-sql';
import { runWalk, type RunWalk } from './run-walk';
import { RUN } from '../tracking.queries';

type FoundRow = Run & Readonly<Record<`sort_${number}`, string | null>>;
interface Candidates {
  readonly count: number;
  readonly isTied: boolean | null;
}
/** What a way of reading a page came to: the whole page, or what is known of the filter now. */
type Attempt = { readonly rows: readonly FoundRow[] } | { readonly rows: null; readonly areFew: boolean };

/** How far each way of reading a page goes before the next one is taken, in runs. They change no answer. */
export interface SearchLimits {
  /** Runs of one set that are asked one by one. Sets are counted up to here to find such a one. */
  readonly few: number;
  /** Runs that are asked in the order of the list. */
  readonly walked: number;
  /** Runs in the intersection of all sets that are asked one by one. */
  readonly many: number;
}

/** Asking a run costs 5 to 10 µs: some milliseconds each, and a walk fills a page where one run in 20 is found. */
const SEARCH_LIMITS: SearchLimits = { few: 2_000, walked: 2_000, many: 20_000 };
/** Sets that are counted; the others are taken to be large. */
const MAX_COUNTED_SETS = 8;
/** Times the page that is walked at first: enough where one run in three is found. */
const FIRST_WALK = 3;
/** Times the length that a second walk needs, if the runs to come are like the first: some are not. */
const MORE_THAN_NEEDED = 1.5;
/** More than one page's runs, where the last of them may share their place with others that are to come before them. */
const SPARE_RUNS = 200;
/**
 * More than one page's runs, where some may be deleted: so few that the planner still walks along the index for them.
 */
const SPARE_DELETED_RUNS = 20;

/**
 * Lists of runs. Each page is read in the cheapest way that gives it whole, and none of them rests on the planner's
 * statistics, which the embedded database does not gather:
 *
 * 1. a part of the filter finds few runs: ask these;
 * 2. an index has the order: ask the next runs in it until the page is full;
 * 3. compare the lists of runs that the indexes give for parts of the filter, and ask those that are in all;
 * 4. join all that the search asks for to all runs.
 */
export class RunSearchQueries {
  constructor(
    private readonly database: Database,
    private readonly tails: Pick<MetricFolder, 'foldProject'>,
    private readonly limits: SearchLimits = SEARCH_LIMITS,
  ) {}

  /** Runs of all these experiments in one list; of the whole project where there are none to name. */
  async page(
    projectId: ProjectId,
    experiments: Experiments | null,
    search: RunSearch,
    request: PageRequest,
  ): Promise<Page<Run>> {
    const scope = { experiments, view: search.view };
    const parsed = parseSearch(search);
    const asked = unmarked(search, request);
    if (asksForMetrics(parsed))
      await this.tails.foldProject(projectId, experiments && 'ids' in experiments ? experiments.ids : null);
    const rows = await this.search({ projectId, scope, search: parsed, request: asked });
    return runPage(rows, search, parsed, request);
  }

  /** A page of runs for each of these experiments: in one statement for several. */
  async pagesByExperiment(
    projectId: ProjectId,
    experimentIds: readonly ExperimentId[],
    search: RunSearch,
    request: PageRequest,
  ): Promise<Page<Run>[]> {
    if (experimentIds.length === 1)
      return [await this.page(projectId, { ids: experimentIds }, search, request)];
    const parsed = parseSearch(search);
    const { conjuncts, sorts } = parsed;
    const { after } = unmarked(search, request);
    if (asksForMetrics(parsed)) await this.tails.foldProject(projectId, experimentIds);
    const parameters: unknown[] = [projectId, experimentIds];
    const facts = lookups('r.id', parameters);
    const rows = await this.database.query<FoundRow>(
      `/* tracking.runsByExperiment */ SELECT ${RUN}, ${sortTexts(sorts, 'page')}
       FROM unnest($2::uuid[]) AS experiment (id)
       CROSS JOIN LATERAL (
         SELECT * FROM (
           SELECT r.id, ${sortColumns(sorts, facts)} FROM run r
           WHERE r.project_id = $1 AND r.experiment_id = experiment.id AND ${viewSql(search.view, 'r')}
             AND ${conditionSql(conjuncts, facts, parameters)}
         ) f WHERE ${afterSql(sorts, after, 'f', parameters)}
         ORDER BY ${orderSql(sorts, 'f')} LIMIT ${bind(parameters, request.first + 1, 'int')}
       ) page JOIN run r ON r.id = page.id
       ORDER BY ${orderSql(sorts, 'page')}`,
      parameters,
    );
    return experimentIds.map((id) => {
      const ofExperiment = rows.filter(({ experimentId }) => experimentId === id);
      return runPage(ofExperiment, search, parsed, request);
    });
  }

  private async search(page: SearchPage): Promise<readonly FoundRow[]> {
    const sets = searchSets(page);
    const few = await this.amongFew(page, sets);
    const attempt = few.rows ? few : await this.inOrder(page);
    return (
      attempt.rows ??
      (attempt.areFew ? await this.inAllSets(page, sets) : null) ??
      (await this.amongAll(page))
    );
  }

  private async amongFew(page: SearchPage, sets: readonly SearchSet[]): Promise<Attempt> {
    const direct = sets.filter(({ isDirect }) => isDirect).slice(0, MAX_COUNTED_SETS);
    if (direct.length === 0) return { rows: null, areFew: false };
    const { sql, parameters } = sizesStatement(page, direct, this.limits.few + 1);
    const [sizes = {}] = await this.database.query<Record<string, number>>(sql, parameters);
    const sizeOf = (at: number) => sizes[`size_${at}`] ?? Infinity;
    const smallest = direct.reduce((best, _, at) => (sizeOf(at) < sizeOf(best) ? at : best), 0);
    const set = direct[smallest];
    if (!set || sizeOf(smallest) > this.limits.few) return { rows: null, areFew: false };
    const { rows } = await this.candidates(withinStatement(page, [set], this.limits.many));
    return { rows };
  }

  private async inOrder(page: SearchPage): Promise<Attempt> {
    const { scope, search, request } = page;
    const walk = runWalk(search, request.after, scope);
    if (walk === null) return { rows: null, areFew: false };
    const wanted = request.first + 1;
    if (search.conjuncts.length === 0 && scope.experiments === null) {
      // An index that leaves out deleted runs would not be taken without statistics: they are passed over.
      const spare = walk.isWhole ? (scope.view === 'ALL' ? 0 : SPARE_DELETED_RUNS) : SPARE_RUNS;
      const first = await this.along(page, walk, wanted + spare);
      return first.rows || !first.areFew ? first : this.along(page, walk, this.limits.walked);
    }
    const short = Math.min(this.limits.walked, FIRST_WALK * wanted);
    const first = await this.along(page, walk, short);
    if (first.rows || !first.areFew) return first;
    const needed = (MORE_THAN_NEEDED * wanted * short) / first.found; // infinite where none was found
    return needed > MORE_THAN_NEEDED * this.limits.walked
      ? first
      : this.along(page, walk, Math.min(this.limits.walked, Math.ceil(needed)));
  }

  private async along(page: SearchPage, walk: RunWalk, length: number): Promise<Attempt & { found: number }> {
    const { rows, count } = await this.candidates(alongStatement(page, walk, length));
    const found = rows.length;
    const isFull = found === page.request.first + 1;
    const hasSeenAll = count < length;
    if (hasSeenAll && (walk.isComplete || isFull)) return { rows, found };
    // Among runs of the last value, there may be some behind the walk's end that come before these.
    if (isFull && (walk.isWhole || !rows.at(-1)?.isTied)) return { rows, found };
    return { rows: null, areFew: !hasSeenAll, found };
  }

  /** Null where too many are in all the sets. */
  private async inAllSets(page: SearchPage, sets: readonly SearchSet[]): Promise<readonly FoundRow[] | null> {
    const ofFilter = sets.filter(({ part }) => part !== null);
    if (ofFilter.length === 0) return null;
    const statement = withinStatement(page, ofFilter, this.limits.many);
    const { rows, count } = candidatesOf(await this.byJoins(statement));
    return count > this.limits.many ? null : rows;
  }

  private amongAll(page: SearchPage): Promise<readonly FoundRow[]> {
    return this.byJoins(joinedStatement(page));
  }

  /**
   * Lists are compared by hashing. Without statistics the planner takes every list to be short and loops over it;
   * compiling a statement costs more than it saves.
   */
  private byJoins<Row extends FoundRow>({ sql, parameters }: Statement): Promise<Row[]> {
    return this.database.transaction(async (tx) => {
      await tx.query(`/* tracking.planJoins */ SELECT set_config(name, 'off', true)
        FROM unnest('{enable_nestloop, jit}'::text[]) AS setting (name)`);
      return tx.query<Row>(sql, parameters);
    });
  }

  private async candidates({ sql, parameters }: Statement) {
    return candidatesOf(await this.database.query<FoundRow & Candidates>(sql, parameters));
  }
}

const candidatesOf = (found: readonly (FoundRow & Candidates)[]) => ({
  rows: found.filter(({ id }) => id !== null),
  count: found[0]?.count ?? 0,
});

const runPage = (
  rows: readonly FoundRow[],
  search: RunSearch,
  { sorts }: ParsedSearch,
  request: PageRequest,
): Page<Run> => toPage(rows, request, (row) => markedFor(search, keysetCursor(row, sorts.length)));
