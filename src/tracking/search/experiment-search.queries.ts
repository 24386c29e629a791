import { columnSearchSql, type SearchColumn } from '../../kernel/database/column-search';
import { toPage, type Page, type PageRequest } from '../../kernel/cursor';
import { bind } from '../../kernel/filter/filter-sql';
import type { FilterKey } from '../../kernel/filter/filter-tree';
import type { ProjectId } from '../../kernel/ids';
import { keysetCursor } from '../../kernel/database/keyset';
import { markedFor, unmarked } from '../../kernel/list-mark';
import type { SqlRunner } from '../../kernel/database/sql';
import type { Experiment, LifecycleView } from '../run';
import { viewSql } from './run-scope';
import { EXPERIMENT } from '../tracking.queries';

/** What a client asks of a list of experiments. */
export interface ExperimentSearch {
  readonly filter: string | null;
  /** Newest first where there are none. */
  readonly orderBy: readonly string[];
  readonly view: LifecycleView;
}

const CREATED: SearchColumn = { sql: 'e.created_at', type: 'time' };
const UPDATED: SearchColumn = { sql: 'e.updated_at', type: 'time' };
/** MLflow has words of its own for some. */
const ATTRIBUTES: ReadonlyMap<string, SearchColumn> = new Map([
  ['name', { sql: 'e.name', type: 'text' }],
  ['description', { sql: 'e.description', type: 'text' }],
  ['experiment_id', { sql: 'e.id::text', type: 'text' }],
  ['created_at', CREATED],
  ['creation_time', CREATED],
  ['updated_at', UPDATED],
  ['last_update_time', UPDATED],
]);

type FoundRow = Experiment & Readonly<Record<`sort_${number}`, string | null>>;

/** Lists of experiments. */
export class ExperimentSearchQueries {
  constructor(private readonly sql: SqlRunner) {}

  async page(projectId: ProjectId, asked: ExperimentSearch, request: PageRequest): Promise<Page<Experiment>> {
    const { filter, orderBy, view } = asked;
    const parameters: unknown[] = [projectId, request.first + 1];
    const known = `${[...ATTRIBUTES.keys()].join(', ')}, tags.…`;
    const usualOrder = 'created_at DESC';
    const search = columnSearchSql(
      { filter, orderBy, usualOrder, known, columnOf },
      unmarked(asked, request).after,
      parameters,
    );
    const rows = await this.sql.query<FoundRow>(
      `/* tracking.experiments */ WITH found AS (
         SELECT e.id, ${search.columns} FROM experiment e
         WHERE e.project_id = $1 AND ${viewSql(view, 'e')} AND (${search.condition})
       )
       SELECT ${EXPERIMENT}, ${search.texts} FROM found f JOIN experiment e ON e.id = f.id
       WHERE ${search.after} ORDER BY ${search.order} LIMIT $2`,
      parameters,
    );
    return toPage(rows, request, (row) => markedFor(asked, keysetCursor(row, search.sortCount)));
  }
}

function columnOf({ entity, key }: FilterKey, parameters: unknown[]): SearchColumn | null {
  if (entity === 'attributes') return ATTRIBUTES.get(key) ?? null;
  if (entity !== 'tags') return null;
  const value = `SELECT t.value FROM experiment_tag t WHERE t.experiment_id = e.id AND t.key = ${bind(parameters, key, 'text')}`;
  return { sql: `(${value})`, type: 'text' };
}
