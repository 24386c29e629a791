import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DatasetVersionId } from '../../datasets/datasets';
import type { ProjectId } from '../../kernel/ids';
import type { RunId } from '../run';

/**
 * Points of one series, as columns: those of one call, or of several that were committed together, or of many that
 * were joined later. The chunks of a series hold one stretch of calls after the other and never overlap in them.
 * Without a foreign key: it is written only under the run's row lock, and a check per chunk would cost more than the
 * chunk.
 */
@Entity('metric_chunk')
@Index('metric_chunk_run_id_seq_idx', ['runId', 'seq'])
export class MetricChunkEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @PrimaryColumn('text') key!: string;
  /** What was measured besides the run itself, see `metric-subject.ts`; empty for the run as a whole. */
  @PrimaryColumn('text') subject!: string;
  /** The last call that it holds points of, by its place in the run: subscribers read what comes after their cursor. */
  @PrimaryColumn('bigint') seq!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('integer', { name: 'point_count' }) pointCount!: number;
  /** 0: steps and times are little-endian 64-bit numbers. 1: they are packed, see `packed-column.ts`. */
  @Column('smallint', { default: 0 }) format!: number;
  /** The first call that it holds points of; null where it is the last one too. */
  @Column('bigint', { name: 'first_seq', nullable: true }) firstSeq!: string | null;
  /** The call of each point, packed; null where all are of one. */
  @Column('bytea', { nullable: true }) seqs!: Buffer | null;
  /** Null where nobody has looked: rows from before there were such columns. */
  @Column('bigint', { name: 'min_step', nullable: true }) minStep!: string | null;
  @Column('bigint', { name: 'max_step', nullable: true }) maxStep!: string | null;
  @Column('bytea') steps!: Buffer;
  /** Little-endian doubles: bits stay as they are. */
  @Column('bytea') values!: Buffer;
  /** Milliseconds since 1970. */
  @Column('bytea') timestamps!: Buffer;
  /** What a chart needs of a full chunk, see `stored-buckets.ts`; null where the chunk is not full. */
  @Column('bytea', { nullable: true }) coarse!: Buffer | null;
  @Column('bytea', { nullable: true }) fine!: Buffer | null;
}

/** What is known of a series without reading its points: kept up to date by every call. */
@Entity('metric_series')
@Index('metric_series_search_idx', ['projectId', 'key', 'lastValue', 'runId'], { where: "subject = ''" })
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
  /** The lowest step with that value. Null where there is none, or it is older than this column. */
  @Column('bigint', { name: 'min_step', nullable: true }) minStep!: string | null;
  @Column('bigint', { name: 'max_step', nullable: true }) maxStep!: string | null;
  /** Values other than NaN; null, like their sum, for series that are older than these columns. */
  @Column('bigint', { name: 'number_count', nullable: true }) numberCount!: string | null;
  /** Of the values other than NaN, in units of 2^40: the sum of the largest doubles is one, too. */
  @Column('float8', { name: 'scaled_sum', nullable: true }) scaledSum!: number | null;
  /** Chunks that were added since the last were joined: work for the compactor. */
  @Column('integer', { name: 'loose_chunks', default: 0 }) looseChunks!: number;
  /** The last call whose chunk is full: up to here nothing is left to be joined. */
  @Column('bigint', { name: 'full_seq', default: 0 }) fullSeq!: string;
}

/**
 * Calls with many series, until they are folded: each a row, so that it takes the time of one. No series has chunks of
 * later calls than those of its run's tail.
 */
@Entity('metric_tail')
export class MetricTailEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @PrimaryColumn('bigint') seq!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('integer', { name: 'point_count' }) pointCount!: number;
  /** See `metric-sheet.ts`. */
  @Column('bytea') body!: Buffer;
}
