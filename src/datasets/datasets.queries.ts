import type { Sha256 } from '../kernel/artifacts/artifact';
import { cursorId } from '../kernel/cursor-keys';
import { toPage, type Page, type PageRequest } from '../kernel/cursor';
import { attributeFilterSql, bind } from '../kernel/filter/filter-sql';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';
import { doubleFromJson } from '../kernel/tensors/double';
import type { StoredProfile } from './dataset-column.entity';
import type { Tag } from './annotation';
import type { DatasetSplit } from './split';
import type { Dataset, DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
import type { DatasetRef } from './dataset-ref';

const DATASET = 'd.id, d.project_id AS "projectId", d.name, d.created_at AS "createdAt"';
const VERSION = `v.id, v.dataset_id AS "datasetId", v.project_id AS "projectId", v.number, d.name AS "datasetName",
  v.sha256, v.uri, v.format, v.size_bytes AS "sizeBytes", v.row_count AS "rowCount", v.target,
  v.declared_columns AS "declaredColumns", v.description, v.created_at AS "createdAt"`;

/** As much of a hash as MLflow's clients take for a digest. */
const DIGEST_LENGTH = 36;

interface VersionRow extends Omit<DatasetVersion, 'ref' | 'rowCount' | 'sizeBytes' | 'declaredColumns'> {
  readonly datasetName: string;
  readonly rowCount: string | null;
  readonly sizeBytes: string | null;
  readonly declaredColumns: DatasetVersion['declaredColumns'] | null;
}
interface ColumnRow extends Pick<
  DatasetColumn,
  'name' | 'datatype' | 'sourceType' | 'min' | 'max' | 'mean' | 'stddev'
> {
  readonly versionId: DatasetVersionId;
  readonly missing: string;
  readonly distinct: string | null;
  readonly approximateDistinct: string | null;
  readonly profile: StoredProfile | null;
}

/** Reads; inside a transaction, over its handle. */
export class DatasetsQueries {
  constructor(private readonly sql: SqlRunner) {}

  async byName(projectId: ProjectId, name: string): Promise<Dataset | null> {
    const [dataset] = await this.sql.query<Dataset>(
      `/* datasets.byName */ SELECT ${DATASET} FROM dataset d WHERE d.project_id = $1 AND d.name = $2`,
      [projectId, name],
    );
    return dataset ?? null;
  }

  async byIds(projectId: ProjectId, ids: readonly DatasetId[]): Promise<(Dataset | null)[]> {
    const rows = await this.sql.query<Dataset>(
      `/* datasets.byIds */ SELECT ${DATASET} FROM dataset d WHERE d.project_id = $1 AND d.id = ANY($2)`,
      [projectId, ids],
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** Newest first. The cursor is the id, which is in order of creation. */
  async page(projectId: ProjectId, filter: string | null, request: PageRequest): Promise<Page<Dataset>> {
    const parameters: unknown[] = [projectId, request.first + 1];
    const condition = attributeFilterSql(filter, { name: 'd.name' }, parameters);
    const after =
      request.after === null ? 'TRUE' : `d.id < ${bind(parameters, cursorId(request.after, 0), 'uuid')}`;
    const rows = await this.sql.query<Dataset>(
      `/* datasets.page */ SELECT ${DATASET} FROM dataset d
       WHERE d.project_id = $1 AND ${condition} AND ${after} ORDER BY d.id DESC LIMIT $2`,
      parameters,
    );
    return toPage(rows, request, ({ id }) => [id]);
  }

  async versionsByIds(
    projectId: ProjectId,
    ids: readonly DatasetVersionId[],
  ): Promise<(DatasetVersion | null)[]> {
    const rows = await this.sql.query<VersionRow>(
      `/* datasets.versionsByIds */ SELECT ${VERSION} FROM dataset_version v JOIN dataset d ON d.id = v.dataset_id
       WHERE v.project_id = $1 AND v.id = ANY($2)`,
      [projectId, ids],
    );
    const found = new Map(rows.map((row) => [row.id, toVersion(row)]));
    return ids.map((id) => found.get(id) ?? null);
  }

  async versionsByRefs(
    projectId: ProjectId,
    refs: readonly (DatasetRef | null)[],
  ): Promise<(DatasetVersion | null)[]> {
    const rows = await this.sql.query<VersionRow & { readonly position: string }>(
      `/* datasets.versionsByRefs */ SELECT ref.position, ${VERSION}
       FROM unnest($2::text[], $3::int[]) WITH ORDINALITY AS ref (name, number, position)
       JOIN dataset d ON d.project_id = $1 AND d.name = ref.name
       JOIN LATERAL (
         SELECT * FROM dataset_version w
         WHERE w.dataset_id = d.id AND (ref.number IS NULL OR w.number = ref.number)
         ORDER BY w.number DESC LIMIT 1
       ) v ON TRUE`,
      [projectId, refs.map((ref) => ref?.name ?? null), refs.map((ref) => ref?.number ?? null)],
    );
    const found = new Map(rows.map((row) => [Number(row.position) - 1, toVersion(row)]));
    return refs.map((_, index) => found.get(index) ?? null);
  }

  /** The newest version of each whose hash begins, or whose address ends, with the digest. */
  async versionsByDigests(
    projectId: ProjectId,
    named: readonly { readonly name: string; readonly digest: string }[],
  ): Promise<(DatasetVersion | null)[]> {
    const rows = await this.sql.query<VersionRow & { readonly position: string }>(
      `/* datasets.versionsByDigests */ SELECT wanted.position, ${VERSION}
       FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS wanted (name, digest, fragment, position)
       JOIN dataset d ON d.project_id = $1 AND d.name = wanted.name
       JOIN LATERAL (
         SELECT * FROM dataset_version w
         WHERE w.dataset_id = d.id AND (left(w.sha256, ${DIGEST_LENGTH}) = wanted.digest
           OR w.sha256 IS NULL AND right(w.uri, length(wanted.fragment)) = wanted.fragment)
         ORDER BY w.number DESC LIMIT 1
       ) v ON TRUE`,
      [
        projectId,
        named.map(({ name }) => name),
        named.map(({ digest }) => digest),
        named.map(({ digest }) => `#${encodeURIComponent(digest)}`),
      ],
    );
    const found = new Map(rows.map((row) => [Number(row.position) - 1, toVersion(row)]));
    return named.map((_, index) => found.get(index) ?? null);
  }

  /** The version with these bytes; without a hash, the one that only points at this address. */
  async sameData(
    projectId: ProjectId,
    name: string,
    data: { readonly sha256: Sha256 | null; readonly uri: string | null },
  ): Promise<DatasetVersion | null> {
    const [row] = await this.sql.query<VersionRow>(
      `/* datasets.sameData */ SELECT ${VERSION} FROM dataset_version v JOIN dataset d ON d.id = v.dataset_id
       WHERE d.project_id = $1 AND d.name = $2
         AND CASE WHEN $3::text IS NULL THEN v.sha256 IS NULL AND v.uri = $4 ELSE v.sha256 = $3 END
       ORDER BY v.number DESC LIMIT 1`,
      [projectId, name, data.sha256, data.uri],
    );
    return row ? toVersion(row) : null;
  }

  async columnsByVersionIds(
    projectId: ProjectId,
    versionIds: readonly DatasetVersionId[],
  ): Promise<(readonly DatasetColumn[])[]> {
    const rows = await this.sql.query<ColumnRow>(
      `/* datasets.columnsByVersionIds */
       SELECT version_id AS "versionId", name, datatype, source_type AS "sourceType", missing,
         distinct_count AS distinct, approximate_distinct AS "approximateDistinct", min, max, mean, stddev, profile
       FROM dataset_column WHERE project_id = $1 AND version_id = ANY($2) ORDER BY version_id, position`,
      [projectId, versionIds],
    );
    const columns = new Map<DatasetVersionId, DatasetColumn[]>(versionIds.map((id) => [id, []]));
    for (const row of rows) columns.get(row.versionId)?.push(toColumn(row));
    return versionIds.map((id) => columns.get(id) ?? []);
  }

  /** How each was dealt from another; null where it was not. */
  async splitsByVersionIds(
    projectId: ProjectId,
    versionIds: readonly DatasetVersionId[],
  ): Promise<(DatasetSplit | null)[]> {
    const rows = await this.sql.query<Omit<DatasetSplit, 'seed'> & { readonly seed: string }>(
      `/* datasets.splitsByVersionIds */
       SELECT version_id AS "versionId", parent_id AS "parentId", name, fraction, seed, stratify_by AS "stratifyBy",
         group_by AS "groupBy"
       FROM dataset_split WHERE project_id = $1 AND version_id = ANY($2)`,
      [projectId, versionIds],
    );
    const splits = new Map(rows.map((row) => [row.versionId, { ...row, seed: BigInt(row.seed) }]));
    return versionIds.map((id) => splits.get(id) ?? null);
  }

  /** By key. */
  async tagsByVersionIds(
    projectId: ProjectId,
    versionIds: readonly DatasetVersionId[],
  ): Promise<(readonly Tag[])[]> {
    const rows = await this.sql.query<Tag & { readonly versionId: DatasetVersionId }>(
      `/* datasets.tagsByVersionIds */ SELECT version_id AS "versionId", key, value FROM dataset_version_tag
       WHERE project_id = $1 AND version_id = ANY($2) ORDER BY version_id, key`,
      [projectId, versionIds],
    );
    const tags = new Map<DatasetVersionId, Tag[]>(versionIds.map((id) => [id, []]));
    for (const { versionId, key, value } of rows) tags.get(versionId)?.push({ key, value });
    return versionIds.map((id) => tags.get(id) ?? []);
  }
}

function toVersion({
  datasetName,
  rowCount,
  sizeBytes,
  declaredColumns,
  ...row
}: VersionRow): DatasetVersion {
  return {
    ...row,
    ref: `${datasetName}@${row.number}`,
    sizeBytes: numberOrNull(sizeBytes),
    rowCount: numberOrNull(rowCount),
    declaredColumns: declaredColumns ?? [],
  };
}

function toColumn({
  versionId: _,
  missing,
  distinct,
  approximateDistinct,
  profile,
  ...row
}: ColumnRow): DatasetColumn {
  return {
    ...row,
    missing: Number(missing),
    distinct: numberOrNull(distinct),
    approximateDistinct: numberOrNull(approximateDistinct),
    quantiles: profile?.quantiles?.map((value) => doubleFromJson(value) ?? NaN) ?? null,
    histogram: profile?.histogram ?? null,
    topValues: profile?.topValues ?? [],
  };
}

/** The driver gives 64-bit integers as texts. */
const numberOrNull = (text: string | null) => (text === null ? null : Number(text));
