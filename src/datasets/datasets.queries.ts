import type { Sha256 } from '../kernel/artifacts';
import { cursorId } from '../kernel/cursor-keys';
import { toPage, type Page, type PageRequest } from '../kernel/cursor';
import { attributeFilterSql, bind } from '../kernel/filter-sql';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/sql';
import type { Datatype } from './column-statistics';
import type { Dataset, DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
import type { DatasetRef } from './dataset-ref';

const DATASET = 'd.id, d.project_id AS "projectId", d.name, d.created_at AS "createdAt"';
const VERSION = `v.id, v.dataset_id AS "datasetId", v.project_id AS "projectId", v.number, d.name AS "datasetName",
  v.sha256, v.uri, v.row_count AS "rowCount", v.target, v.created_at AS "createdAt"`;

interface VersionRow extends Omit<DatasetVersion, 'ref' | 'rowCount'> {
  readonly datasetName: string;
  readonly rowCount: string | null;
}
interface ColumnRow {
  readonly versionId: DatasetVersionId;
  readonly name: string;
  readonly datatype: Datatype;
  readonly missing: string;
  readonly distinct: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
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
       SELECT version_id AS "versionId", name, datatype, missing, distinct_count AS distinct, min, max, mean
       FROM dataset_column WHERE project_id = $1 AND version_id = ANY($2) ORDER BY version_id, position`,
      [projectId, versionIds],
    );
    const columns = new Map<DatasetVersionId, DatasetColumn[]>(versionIds.map((id) => [id, []]));
    for (const { versionId, missing, distinct, ...row } of rows) {
      const counts = { missing: Number(missing), distinct: distinct === null ? null : Number(distinct) };
      columns.get(versionId)?.push({ ...row, ...counts });
    }
    return versionIds.map((id) => columns.get(id) ?? []);
  }
}

function toVersion(row: VersionRow): DatasetVersion {
  const { id, datasetId, projectId, number, sha256, uri, target, createdAt } = row;
  const rowCount = row.rowCount === null ? null : Number(row.rowCount);
  const ref = `${row.datasetName}@${number}`;
  return { id, datasetId, projectId, number, ref, sha256, uri, rowCount, target, createdAt };
}
