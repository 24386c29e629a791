import { columnSearchSql, type SearchColumn } from '../../kernel/database/column-search';
import { toPage, type Page, type PageRequest } from '../../kernel/cursor';
import { bind } from '../../kernel/filter/filter-sql';
import type { FilterKey } from '../../kernel/filter/filter-tree';
import type { ProjectId } from '../../kernel/ids';
import { keysetCursor } from '../../kernel/database/keyset';
import { markedFor, unmarked } from '../../kernel/list-mark';
import type { SqlRunner } from '../../kernel/database/sql';
import type { LoggedModel } from '../logged-model';
import { LOGGED_MODEL } from './logged-model.queries';
import type { ExperimentId } from '../run';

/** What a client asks of a list of logged models. */
export interface LoggedModelSearch {
  readonly filter: string | null;
  readonly orderBy: readonly string[];
}

const ATTRIBUTES: ReadonlyMap<string, SearchColumn> = new Map([
  ['name', { sql: 'm.name', type: 'text' }],
  ['model_type', { sql: 'm.model_type', type: 'text' }],
  ['status', { sql: 'm.status', type: 'text' }],
  ['creation_timestamp', { sql: 'm.created_at', type: 'time' }],
  ['creation_time', { sql: 'm.created_at', type: 'time' }],
  ['last_updated_timestamp', { sql: 'm.updated_at', type: 'time' }],
]);

type FoundRow = LoggedModel & Readonly<Record<`sort_${number}`, string | null>>;

/** Lists of logged models: deleted ones are nobody's. */
export class LoggedModelSearchQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** Models without a value come last. */
  async page(
    projectId: ProjectId,
    experimentIds: readonly ExperimentId[],
    asked: LoggedModelSearch,
    request: PageRequest,
  ): Promise<Page<LoggedModel>> {
    const { filter, orderBy } = asked;
    const parameters: unknown[] = [projectId, experimentIds, request.first + 1];
    const known = `${[...ATTRIBUTES.keys()].join(', ')}, metrics.…, params.…, tags.…`;
    const search = columnSearchSql(
      { filter, orderBy, usualOrder: 'creation_timestamp DESC', known, columnOf },
      unmarked(asked, request).after,
      parameters,
    );
    const rows = await this.sql.query<FoundRow>(
      `/* tracking.searchLoggedModels */ WITH found AS (
         SELECT m.id, ${search.columns} FROM logged_model m
         WHERE m.project_id = $1 AND m.experiment_id = ANY($2) AND m.deleted_at IS NULL AND (${search.condition})
       )
       SELECT ${LOGGED_MODEL}, ${search.texts} FROM found f JOIN logged_model m ON m.id = f.id
       WHERE ${search.after} ORDER BY ${search.order} LIMIT $3`,
      parameters,
    );
    return toPage(rows, request, (row) => markedFor(asked, keysetCursor(row, search.sortCount)));
  }
}

/** A metric of several runs or datasets counts with its latest; one of NaN is neither less nor more than any number. */
function columnOf({ entity, key }: FilterKey, parameters: unknown[]): SearchColumn | null {
  switch (entity) {
    case 'attributes':
      return ATTRIBUTES.get(key) ?? null;
    case 'metrics': {
      const latest = `SELECT x.value FROM logged_model_metric x
        WHERE x.logged_model_id = m.id AND x.key = ${bind(parameters, key, 'text')}
        ORDER BY x.timestamp_ms DESC, x.step DESC LIMIT 1`;
      return { sql: `NULLIF((${latest}), 'NaN')`, type: 'number' };
    }
    case 'params':
    case 'tags': {
      const table = entity === 'params' ? 'logged_model_param' : 'logged_model_tag';
      const value = `SELECT x.value FROM ${table} x WHERE x.logged_model_id = m.id AND x.key = ${bind(parameters, key, 'text')}`;
      return { sql: `(${value})`, type: 'text' };
    }
    case 'datasets':
      return null;
  }
}
