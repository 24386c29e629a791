import { encodeCursor, type Page, type PageRequest } from '../../kernel/cursor';
import type { ProjectId } from '../../kernel/ids';
import { markedFor, unmarked } from '../../kernel/list-mark';
import type { SqlRunner } from '../../kernel/database/sql';
import type { Model, ModelId } from '../models/model';
import type { ModelVersion } from '../versions/model-version';
import { groupedBy, MODEL_COLUMNS, VERSION_COLUMNS, versionOf, type VersionRow } from '../registry-rows';
import {
  modelFilterSql,
  modelOrderSql,
  offsetOf,
  versionFilterSql,
  versionOrderSql,
  type RegistrySearch,
} from './registry-search';

/** Lists for clients that search and sort as they like. */
export class RegistrySearchQueries {
  constructor(private readonly sql: SqlRunner) {}

  async models(projectId: ProjectId, search: RegistrySearch, request: PageRequest): Promise<Page<Model>> {
    const { filter, orderBy } = search;
    const offset = offsetOf(unmarked(search, request).after);
    const parameters: unknown[] = [projectId, request.first + 1, offset];
    const condition = modelFilterSql(filter, parameters);
    const rows = await this.sql.query<Model>(
      `/* registry.searchModels */ SELECT ${MODEL_COLUMNS} FROM model m
       WHERE m.project_id = $1 AND m.deleted_at IS NULL AND ${condition}
       ORDER BY ${modelOrderSql(orderBy)} LIMIT $2 OFFSET $3`,
      parameters,
    );
    return offsetPage(rows, search, request.first, offset);
  }

  async versions(
    projectId: ProjectId,
    search: RegistrySearch,
    request: PageRequest,
  ): Promise<Page<ModelVersion>> {
    const { filter, orderBy } = search;
    const offset = offsetOf(unmarked(search, request).after);
    const parameters: unknown[] = [projectId, request.first + 1, offset];
    const condition = versionFilterSql(filter, parameters);
    const rows = await this.sql.query<VersionRow>(
      `/* registry.searchVersions */ SELECT ${VERSION_COLUMNS}
       FROM model_version v JOIN model m ON m.id = v.model_id
       WHERE v.project_id = $1 AND v.deleted_at IS NULL AND ${condition}
       ORDER BY ${versionOrderSql(orderBy)} LIMIT $2 OFFSET $3`,
      parameters,
    );
    return offsetPage(rows.map(versionOf), search, request.first, offset);
  }

  /** Of each model the newest version at each stage, the oldest of them first. */
  async latestVersions(projectId: ProjectId, modelIds: readonly ModelId[]): Promise<ModelVersion[][]> {
    const rows = await this.sql.query<VersionRow>(
      `/* registry.latestVersions */ SELECT ${VERSION_COLUMNS} FROM (
         SELECT DISTINCT ON (p.model_id, p.stage) * FROM model_version p
         WHERE p.project_id = $1 AND p.model_id = ANY($2) AND p.deleted_at IS NULL
         ORDER BY p.model_id, p.stage, p.ordinal DESC
       ) v JOIN model m ON m.id = v.model_id ORDER BY v.ordinal`,
      [projectId, modelIds],
    );
    return groupedBy(modelIds, rows.map(versionOf), ({ modelId }) => modelId);
  }
}

function offsetPage<Row>(
  rows: readonly Row[],
  search: RegistrySearch,
  first: number,
  offset: number,
): Page<Row> {
  const nodes = rows.slice(0, first);
  return {
    nodes,
    hasNextPage: rows.length > first,
    endCursor: nodes.length === 0 ? null : encodeCursor(markedFor(search, [offset + nodes.length])),
  };
}
