import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { ModelVersionId } from '../registry/registry';
import type { CloseCounts, Door, FailureCounts, RanOn } from '../serving/serving';
import type { AskedId, WidthS } from './latency-row';

/** No foreign keys: a measurement is written a second later, whatever has become of what was measured. */
@Entity('latency_window')
@Index('latency_window_width_s_window_start_idx', ['widthS', 'windowStart'])
export class LatencyWindowEntity {
  /** Of what was asked: an endpoint's, or a version's that was asked by reference. */
  @PrimaryColumn('uuid', { name: 'endpoint_id' }) askedId!: AskedId;
  @PrimaryColumn('smallint', { name: 'width_s' }) widthS!: WidthS;
  @PrimaryColumn('timestamptz', { name: 'window_start' }) windowStart!: Date;
  @PrimaryColumn('uuid', { name: 'writer_id' }) writerId!: string;
  @PrimaryColumn('text') variant!: string;
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  @PrimaryColumn('text', { default: '' }) door!: Door | '';
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('float8') weight!: number;
  @Column('boolean') shadow!: boolean;
  @Column('bigint') requests!: string;
  @Column('bigint') errors!: string;
  @Column('bigint') batched!: string;
  @Column('bigint', { name: 'batch_sizes' }) batchSizes!: string;
  @Column('bytea', { name: 'total_ms' }) total!: Buffer;
  @Column('bytea', { name: 'queue_ms' }) queue!: Buffer;
  @Column('bytea', { name: 'compute_ms' }) compute!: Buffer;
  @Column('bytea', { name: 'parse_ms', nullable: true }) parse!: Buffer | null;
  @Column('bytea', { name: 'encode_ms', nullable: true }) encode!: Buffer | null;
  @Column('bytea', { name: 'batch_rows', nullable: true }) batchRows!: Buffer | null;
  @Column('jsonb', { nullable: true }) failures!: Readonly<FailureCounts> | null;
  @Column('jsonb', { nullable: true }) closed!: Readonly<CloseCounts> | null;
  /** Of workers on the processor; in rows of earlier servers of all workers. */
  @Column('float8', { name: 'busy_ms', default: 0 }) busyMs!: number;
  @Column('float8', { name: 'paid_ms', default: 0 }) paidMs!: number;
  /** Null in rows of earlier servers, as the two that follow: what a row cost cannot be told then. */
  @Column('float8', { name: 'accelerator_busy_ms', nullable: true }) acceleratorBusyMs!: number | null;
  @Column('float8', { name: 'accelerator_paid_ms', nullable: true }) acceleratorPaidMs!: number | null;
  @Column('float8', { name: 'remote_ms', nullable: true }) remoteMs!: number | null;
  @Column('jsonb', { name: 'ran_on', nullable: true }) ranOn!: RanOn | null;
}
