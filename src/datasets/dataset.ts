import type { Sha256 } from '../kernel/artifacts/artifact';
import type { Id, ProjectId } from '../kernel/ids';
import type { ColumnStatistics, DataFormat, Datatype } from './data-profile';

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
  /** How the bytes are written; null where they were not read. */
  readonly format: DataFormat | null;
  /** Null where it is not known. */
  readonly sizeBytes: number | null;
  /** Null where it is not known: the data was not read, and nobody has said it. */
  readonly rowCount: number | null;
  /** The column that models are to predict. */
  readonly target: string | null;
  /** Columns that whoever registered data elsewhere says it has. */
  readonly declaredColumns: readonly DeclaredColumn[];
  /** What people say of it; may change. */
  readonly description: string | null;
  readonly createdAt: Date;
}

export interface DeclaredColumn {
  readonly name: string;
  readonly datatype: Datatype;
}

export type DatasetColumn = ColumnStatistics;
