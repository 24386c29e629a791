import { newId, type ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/sql';
import { DatasetColumnEntity } from './dataset-column.entity';
import { DatasetVersionEntity } from './dataset-version.entity';
import type { DatasetColumn, DatasetId, DatasetVersion } from './dataset';

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
    const { id, datasetId, projectId, number, sha256, uri, rowCount, target, createdAt } = version;
    const stored = { id, datasetId, projectId, number, sha256, uri, target, createdAt };
    const rows = rowCount === null ? null : String(rowCount);
    await tx.insert('datasets.addVersion', DatasetVersionEntity, { ...stored, rowCount: rows });
    await tx.insert(
      'datasets.addColumns',
      DatasetColumnEntity,
      columns.map(({ name, datatype, missing, distinct, min, max, mean }, position) => ({
        versionId: id,
        position,
        projectId,
        name,
        datatype,
        missing: String(missing),
        distinctCount: distinct === null ? null : String(distinct),
        min: exactDouble(min),
        max: exactDouble(max),
        mean: exactDouble(mean),
      })),
    );
  }
}

/** The driver writes numbers as texts, and to `String` the number -0 is “0”. */
const exactDouble = (value: number | null) => (Object.is(value, -0) ? ('-0' as unknown as number) : value);
