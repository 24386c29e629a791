import { doubleToJson } from '../kernel/tensors/double';
import { newId, type ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import { DatasetColumnEntity } from './dataset-column.entity';
import { DatasetVersionEntity } from './dataset-version.entity';
import type { Tag } from './annotation';
import type { DatasetSplit } from './split';
import type { DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';

export class DatasetsStore {
  /** The dataset of that name, made where there is none. Holds its row, so that versions are numbered one by one. */
  async lockDataset(tx: Transaction, projectId: ProjectId, name: string): Promise<DatasetId> {
    const [dataset] = await tx.query<{ id: DatasetId }>(
      `/* datasets.lockDataset */ INSERT INTO dataset (id, project_id, name) VALUES ($1, $2, $3)
       ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name RETURNING id`,
      [newId(), projectId, name],
    );
    if (!dataset) throw new Error('An upsert returns its row.');
    return dataset.id;
  }

  /** Only under the dataset's lock. */
  async nextNumber(tx: Transaction, datasetId: DatasetId): Promise<number> {
    const [row] = await tx.query<{ number: number }>(
      `/* datasets.nextNumber */ SELECT coalesce(max(number), 0) + 1 AS number FROM dataset_version
       WHERE dataset_id = $1`,
      [datasetId],
    );
    if (!row) throw new Error('An aggregate returns one row.');
    return row.number;
  }

  async addVersion(
    tx: Transaction,
    version: DatasetVersion,
    columns: readonly DatasetColumn[],
  ): Promise<void> {
    const { id, projectId, datasetId, number, sha256, uri, format, target, description, createdAt } = version;
    const { rowCount, sizeBytes, declaredColumns } = version;
    await tx.insert('datasets.addVersion', DatasetVersionEntity, {
      ...{ id, projectId, datasetId, number, sha256, uri, format, target, description, createdAt },
      rowCount: textOrNull(rowCount),
      sizeBytes: textOrNull(sizeBytes),
      declaredColumns: declaredColumns.length === 0 ? null : declaredColumns,
    });
    await this.addColumns(tx, version, columns);
  }

  /** The bytes of a version were read that was only known by its hash. */
  async completeVersion(
    tx: Transaction,
    version: DatasetVersion,
    columns: readonly DatasetColumn[],
  ): Promise<void> {
    await tx.query(
      `/* datasets.completeVersion */ UPDATE dataset_version SET format = $2, row_count = $3, size_bytes = $4
       WHERE id = $1`,
      [version.id, version.format, version.rowCount, version.sizeBytes],
    );
    await this.addColumns(tx, version, columns);
  }

  /** So that tags are counted under it. */
  async lockVersion(tx: Transaction, id: DatasetVersionId): Promise<void> {
    await tx.query(
      '/* datasets.lockVersion */ SELECT id FROM dataset_version WHERE id = $1 FOR NO KEY UPDATE',
      [id],
    );
  }

  async describe(tx: Transaction, id: DatasetVersionId, description: string | null): Promise<void> {
    await tx.query('/* datasets.describe */ UPDATE dataset_version SET description = $2 WHERE id = $1', [
      id,
      description,
    ]);
  }

  async setTags(
    tx: Transaction,
    { id, projectId }: Pick<DatasetVersion, 'id' | 'projectId'>,
    tags: readonly Tag[],
  ): Promise<void> {
    if (tags.length === 0) return;
    await tx.query(
      `/* datasets.setTags */ INSERT INTO dataset_version_tag (version_id, project_id, key, value)
       SELECT $1, $2, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)
       ON CONFLICT (version_id, key) DO UPDATE SET value = excluded.value`,
      [id, projectId, tags.map(({ key }) => key), tags.map(({ value }) => value)],
    );
  }

  async removeTags(tx: Transaction, id: DatasetVersionId, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await tx.query(
      '/* datasets.removeTags */ DELETE FROM dataset_version_tag WHERE version_id = $1 AND key = ANY($2)',
      [id, keys],
    );
  }

  /** The same content may be dealt again in another way: what is known of it first stays. */
  async addSplit(tx: Transaction, projectId: ProjectId, split: DatasetSplit): Promise<void> {
    await tx.query(
      `/* datasets.addSplit */ INSERT INTO dataset_split
         (version_id, project_id, parent_id, name, fraction, seed, stratify_by, group_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (version_id) DO NOTHING`,
      [
        ...[split.versionId, projectId, split.parentId, split.name, split.fraction, String(split.seed)],
        ...[split.stratifyBy, split.groupBy],
      ],
    );
  }

  private async addColumns(
    tx: Transaction,
    version: DatasetVersion,
    columns: readonly DatasetColumn[],
  ): Promise<void> {
    await tx.insert(
      'datasets.addColumns',
      DatasetColumnEntity,
      columns.map((column, position) => ({
        ...columnRow(column),
        ...{ versionId: version.id, position, projectId: version.projectId },
      })),
    );
  }
}

function columnRow({
  quantiles,
  histogram,
  topValues,
  ...column
}: DatasetColumn): Partial<DatasetColumnEntity> {
  const { name, datatype, sourceType, missing, distinct, approximateDistinct } = column;
  return {
    ...{ name, datatype, sourceType },
    missing: String(missing),
    distinctCount: textOrNull(distinct),
    approximateDistinct: textOrNull(approximateDistinct),
    min: exactDouble(column.min),
    max: exactDouble(column.max),
    mean: exactDouble(column.mean),
    stddev: exactDouble(column.stddev),
    profile: { quantiles: quantiles?.map(doubleToJson) ?? null, histogram, topValues },
  };
}

const textOrNull = (count: number | null) => (count === null ? null : String(count));

/** The driver writes numbers as texts, and to `String` the number -0 is “0”. */
const exactDouble = (value: number | null) => (Object.is(value, -0) ? ('-0' as unknown as number) : value);
