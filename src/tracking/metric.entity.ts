import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DatasetVersionId } from '../datasets/datasets';
import type { ProjectId } from '../kernel/ids';
import type { RunId } from './run';

/**
 * The points of one series that one call logged, as columns of little-endian 64-bit numbers: bits stay as they are.
 * Without a foreign key: it is written only under the run's row lock, and a check per chunk would cost more than the
 * chunk.
 */
@Entity('metric_chunk')
@Index('metric_chunk_run_id_seq_idx', ['runId', 'seq'])
export class MetricChunkEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @PrimaryColumn('text') key!: string;
  /** What was measured besides the run itself, such as a dataset version; empty for the run as a whole. */
  @PrimaryColumn('text') subject!: string;
  /** The call's place in the run: subscribers read what comes after their cursor. */
  @PrimaryColumn('bigint') seq!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('integer', { name: 'point_count' }) pointCount!: number;
  @Column('bytea') steps!: Buffer;
  @Column('bytea') values!: Buffer;
  /** Milliseconds since 1970. */
  @Column('bytea') timestamps!: Buffer;
}

/** What is known of a series without reading its points: kept up to date by every call. */
@Entity('metric_series')
export class MetricSeriesEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @PrimaryColumn('text') key!: string;
  @PrimaryColumn('text') subject!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  /** The data that it was measured on, where the subject is a dataset version. */
  @Column('uuid', { name: 'dataset_version_id', nullable: true }) datasetVersionId!: DatasetVersionId | null;
  @Column('bigint', { name: 'point_count' }) pointCount!: string;
  @Column('float8', { name: 'last_value' }) lastValue!: number;
  @Column('bigint', { name: 'last_step' }) lastStep!: string;
  @Column('bigint', { name: 'last_timestamp_ms' }) lastTimestampMs!: string;
  @Column('float8', { nullable: true }) min!: number | null;
  @Column('float8', { nullable: true }) max!: number | null;
}
