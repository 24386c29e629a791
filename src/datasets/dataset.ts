import type { Sha256 } from '../kernel/artifacts';
import type { Id, ProjectId } from '../kernel/ids';
import type { ColumnStatistics } from './column-statistics';

export type DatasetId = Id<'dataset'>;
export type DatasetVersionId = Id<'dataset_version'>;

export interface Dataset {
  readonly id: DatasetId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly createdAt: Date;
}

export interface DatasetVersion {
  readonly id: DatasetVersionId;
  readonly datasetId: DatasetId;
  readonly projectId: ProjectId;
  /** 1, 2, … in order of registration. */
  readonly number: number;
  /** `penguins@3`. */
  readonly ref: string;
  /** Null where the data is only pointed at by its address. */
  readonly sha256: Sha256 | null;
  readonly uri: string | null;
  /** Null where the data was not read. */
  readonly rowCount: number | null;
  /** The column that models are to predict. */
  readonly target: string | null;
  readonly createdAt: Date;
}

export type DatasetColumn = ColumnStatistics;
