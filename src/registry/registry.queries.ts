import type { Sha256 } from '../kernel/artifacts/artifact';
import { toPage, type Cursor, type Page, type PageRequest } from '../kernel/cursor';
import { badCursor, cursorId } from '../kernel/cursor-keys';
import { attributeFilterSql, bind } from '../kernel/filter/filter-sql';
import type { ProjectId } from '../kernel/ids';
import { isStorable, type SqlRunner } from '../kernel/database/sql';
import type { RunId } from '../tracking/tracking';
import type { Alias, AliasId, AliasMove } from './aliases/alias';
import type { Model, ModelId } from './models/model';
import type { ModelVersion, ModelVersionId, VersionFile, VersionMetric } from './versions/model-version';
import type { Reference } from './reference';
import {
  ALIAS_COLUMNS,
  byKey,
  groupedBy,
  MODEL_COLUMNS,
  VERSION_COLUMNS,
  versionOf,
  type AliasRow,
  type VersionRow,
} from './registry-rows';

/** Most versions of one run that `Run.registeredVersions` tells: a run makes one or a few. */
const MAX_VERSIONS_OF_RUN = 100;

const MAX_INTEGER = 2 ** 31 - 1; // of the database's integer

/** A page of one model's versions, newest first. */
export interface VersionsPageKey {
  readonly modelId: ModelId;
  readonly page: PageRequest;
}

export interface HistoryKey {
  readonly aliasId: AliasId;
  readonly first: number;
}

/** Reads for screens and other features. Every one is one statement, whatever the number of keys. */
export class RegistryQueries {
  constructor(private readonly sql: SqlRunner) {}

  async modelByName(projectId: ProjectId, name: string): Promise<Model | null> {
    if (!isStorable(name)) return null;
    const [model] = await this.sql.query<Model>(
      `/* registry.modelByName */ SELECT ${MODEL_COLUMNS} FROM model m
       WHERE m.project_id = $1 AND m.name = $2 AND m.deleted_at IS NULL`,
      [projectId, name],
    );
    return model ?? null;
  }

  /** Newest first, filtered by name. The cursor is the id, which is in order of creation. */
  async models(projectId: ProjectId, filter: string | null, page: PageRequest): Promise<Page<Model>> {
    const parameters: unknown[] = [projectId, page.first + 1];
    const condition = attributeFilterSql(filter, { name: 'm.name' }, parameters);
    const after =
      page.after === null ? 'TRUE' : `m.id < ${bind(parameters, cursorId(page.after, 0), 'uuid')}`;
    const rows = await this.sql.query<Model>(
      `/* registry.models */ SELECT ${MODEL_COLUMNS} FROM model m
       WHERE m.project_id = $1 AND m.deleted_at IS NULL AND ${condition} AND ${after} ORDER BY m.id DESC LIMIT $2`,
      parameters,
    );
    return toPage(rows, page, ({ id }) => [id]);
  }

  async modelsByIds(projectId: ProjectId, ids: readonly ModelId[]): Promise<(Model | null)[]> {
    const rows = await this.sql.query<Model>(
      `/* registry.modelsByIds */ SELECT ${MODEL_COLUMNS} FROM model m WHERE m.project_id = $1 AND m.id = ANY($2)`,
      [projectId, ids],
    );
    return byKey(ids, rows, ({ id }) => id);
  }

  async versionsByIds(
    projectId: ProjectId,
    ids: readonly ModelVersionId[],
  ): Promise<(ModelVersion | null)[]> {
    const rows = await this.sql.query<VersionRow>(
      `/* registry.versionsByIds */ SELECT ${VERSION_COLUMNS}
       FROM model_version v JOIN model m ON m.id = v.model_id WHERE v.project_id = $1 AND v.id = ANY($2)`,
      [projectId, ids],
    );
    return byKey(ids, rows.map(versionOf), ({ id }) => id);
  }

  /** The versions that references mean now; null where one names none. */
  async versionsByReferences(
    projectId: ProjectId,
    references: readonly (Reference | null)[],
  ): Promise<(ModelVersion | null)[]> {
    const numbers = references.map((reference) =>
      reference?.target.kind === 'number' ? reference.target.number : null,
    );
    const rows = await this.sql.query<VersionRow & { readonly place: string }>(
      `/* registry.versionsByReferences */ SELECT wanted.place, ${VERSION_COLUMNS}
       FROM unnest($2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[], $7::integer[])
         WITH ORDINALITY AS wanted (model, alias, major, minor, pipeline, ordinal, place)
       JOIN model m ON m.project_id = $1 AND m.name = wanted.model AND m.deleted_at IS NULL
       JOIN LATERAL (
         SELECT a.version_id AS id FROM model_alias a 
         WHERE a.model_id = m.id AND a.name = wanted.alias AND a.removed_at IS NULL
         UNION ALL
         SELECT n.id FROM model_version n WHERE n.model_id = m.id AND n.deleted_at IS NULL
           AND (n.ordinal = wanted.ordinal
             OR (n.major = wanted.major AND n.minor = wanted.minor AND n.pipeline = wanted.pipeline))
       ) target ON true
       JOIN model_version v ON v.id = target.id`,
      [
        projectId,
        references.map((reference) => reference?.model ?? null),
        references.map((reference) => (reference?.target.kind === 'alias' ? reference.target.alias : null)),
        numbers.map((number) => number?.major ?? null),
        numbers.map((number) => number?.minor ?? null),
        numbers.map((number) => number?.pipeline ?? null),
        references.map((reference) =>
          reference?.target.kind === 'ordinal' ? reference.target.ordinal : null,
        ),
      ],
    );
    const versions = new Map(rows.map(({ place, ...row }) => [Number(place), versionOf(row)]));
    return references.map((_reference, i) => versions.get(i + 1) ?? null);
  }

  /** A page of versions for each key, newest first. */
  async versionPages(projectId: ProjectId, keys: readonly VersionsPageKey[]): Promise<Page<ModelVersion>[]> {
    const rows = await this.sql.query<VersionRow & { readonly place: string }>(
      `/* registry.versionPages */ SELECT wanted.place, ${VERSION_COLUMNS}
       FROM unnest($2::uuid[], $3::integer[], $4::integer[]) WITH ORDINALITY AS wanted (model_id, first, before, place)
       JOIN model m ON m.id = wanted.model_id AND m.project_id = $1
       JOIN LATERAL (
         SELECT * FROM model_version p
         WHERE p.model_id = wanted.model_id AND p.deleted_at IS NULL AND (wanted.before IS NULL OR p.ordinal < wanted.before)
         ORDER BY p.ordinal DESC LIMIT wanted.first + 1
       ) v ON true
       ORDER BY wanted.place, v.ordinal DESC`,
      [
        projectId,
        keys.map(({ modelId }) => modelId),
        keys.map(({ page }) => page.first),
        keys.map(({ page }) => page.after && ordinalOf(page.after)),
      ],
    );
    const places = keys.map((_key, i) => i + 1);
    const groups = groupedBy(places, rows, ({ place }) => Number(place));
    return keys.map(({ page }, i) => {
      const versions = (groups[i] ?? []).map(({ place: _place, ...row }) => versionOf(row));
      return toPage(versions, page, ({ ordinal }) => [ordinal]);
    });
  }

  async versionsOfRuns(projectId: ProjectId, runIds: readonly RunId[]): Promise<ModelVersion[][]> {
    const rows = await this.sql.query<VersionRow>(
      `/* registry.versionsOfRuns */ SELECT ${VERSION_COLUMNS}
       FROM unnest($2::uuid[]) AS wanted (run_id)
       JOIN LATERAL (
         SELECT * FROM model_version p 
         WHERE p.run_id = wanted.run_id AND p.project_id = $1 AND p.deleted_at IS NULL
         ORDER BY p.created_at DESC, p.id DESC LIMIT ${MAX_VERSIONS_OF_RUN}
       ) v ON true
       JOIN model m ON m.id = v.model_id
       ORDER BY v.created_at DESC, v.id DESC`,
      [projectId, runIds],
    );
    return groupedBy(runIds, rows.map(versionOf), ({ runId }) => runId);
  }

  async versionByBytes(projectId: ProjectId, model: string, sha256: Sha256): Promise<ModelVersion | null> {
    const [row] = await this.sql.query<VersionRow>(
      `/* registry.versionByBytes */ SELECT ${VERSION_COLUMNS} FROM model_version v JOIN model m ON m.id = v.model_id
       WHERE m.project_id = $1 AND m.name = $2 AND m.deleted_at IS NULL AND v.sha256 = $3 AND v.deleted_at IS NULL
       ORDER BY v.ordinal DESC LIMIT 1`,
      [projectId, model, sha256],
    );
    return row ? versionOf(row) : null;
  }

  async metricsOfVersions(projectId: ProjectId, ids: readonly ModelVersionId[]): Promise<VersionMetric[][]> {
    const rows = await this.sql.query<VersionMetric & { readonly versionId: ModelVersionId }>(
      `/* registry.metricsOfVersions */ SELECT version_id AS "versionId", key, value,
         dataset_version_id AS "datasetVersionId", dataset_ref AS "datasetRef"
       FROM model_version_metric WHERE project_id = $1 AND version_id = ANY($2) ORDER BY version_id, position`,
      [projectId, ids],
    );
    return groupedBy(ids, rows, ({ versionId }) => versionId);
  }

  /** What each version was logged with; none where it is one file. */
  async filesOfVersions(projectId: ProjectId, ids: readonly ModelVersionId[]): Promise<VersionFile[][]> {
    const rows = await this.sql.query<{ id: ModelVersionId; files: VersionFile[] | null }>(
      `/* registry.filesOfVersions */ SELECT id, files FROM model_version WHERE project_id = $1 AND id = ANY($2)`,
      [projectId, ids],
    );
    return byKey(ids, rows, ({ id }) => id).map((row) => row?.files ?? []);
  }

  async aliasesOfModels(projectId: ProjectId, ids: readonly ModelId[]): Promise<Alias[][]> {
    const rows = await this.sql.query<AliasRow>(
      `/* registry.aliasesOfModels */ SELECT ${ALIAS_COLUMNS} FROM model_alias a
       WHERE a.project_id = $1 AND a.model_id = ANY($2) AND a.removed_at IS NULL ORDER BY a.name`,
      [projectId, ids],
    );
    return groupedBy(ids, rows, ({ modelId }) => modelId);
  }

  async aliasesOfVersions(projectId: ProjectId, ids: readonly ModelVersionId[]): Promise<Alias[][]> {
    const rows = await this.sql.query<AliasRow>(
      `/* registry.aliasesOfVersions */ SELECT ${ALIAS_COLUMNS} FROM model_alias a
       WHERE a.project_id = $1 AND a.version_id = ANY($2) AND a.removed_at IS NULL ORDER BY a.name`,
      [projectId, ids],
    );
    return groupedBy(ids, rows, ({ versionId }) => versionId);
  }

  async alias(modelId: ModelId, name: string): Promise<Alias | null> {
    const [alias] = await this.sql.query<AliasRow>(
      `/* registry.alias */ SELECT ${ALIAS_COLUMNS} FROM model_alias a
       WHERE a.model_id = $1 AND a.name = $2 AND a.removed_at IS NULL`,
      [modelId, name],
    );
    return alias ?? null;
  }

  /** The moves of each alias, newest first. */
  async histories(projectId: ProjectId, keys: readonly HistoryKey[]): Promise<AliasMove[][]> {
    const rows = await this.sql.query<AliasMove & { readonly place: string }>(
      `/* registry.histories */ SELECT wanted.place, h.alias_id AS "aliasId", h.revision, h.kind,
         h.version_id AS "versionId", h.from_version_id AS "fromVersionId", h.reason, h.actor_name AS "actorName", h.at
       FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS wanted (alias_id, first, place)
       JOIN LATERAL (
         SELECT * FROM alias_move p WHERE p.alias_id = wanted.alias_id AND p.project_id = $1
         ORDER BY p.revision DESC LIMIT wanted.first
       ) h ON true
       ORDER BY wanted.place, h.revision DESC`,
      [projectId, keys.map(({ aliasId }) => aliasId), keys.map(({ first }) => first)],
    );
    const groups = groupedBy(
      keys.map((_key, i) => i + 1),
      rows,
      ({ place }) => Number(place),
    );
    return groups.map((group) => group.map(({ place: _place, ...move }) => move));
  }
}

function ordinalOf([ordinal]: Cursor): number {
  if (typeof ordinal !== 'number' || !Number.isInteger(ordinal) || Math.abs(ordinal) > MAX_INTEGER)
    throw badCursor();
  return ordinal;
}
