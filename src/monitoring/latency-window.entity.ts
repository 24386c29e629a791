import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { ModelVersionId } from '../registry/registry';
import type { EndpointId } from '../serving/serving';
import type { WidthS } from './latency-row';

/** No foreign keys: a measurement is written a second later, whatever has become of what was measured. */
@Entity('latency_window')
@Index('latency_window_width_s_window_start_idx', ['widthS', 'windowStart'])
export class LatencyWindowEntity {
  @PrimaryColumn('uuid', { name: 'endpoint_id' }) endpointId!: EndpointId;
  @PrimaryColumn('smallint', { name: 'width_s' }) widthS!: WidthS;
  @PrimaryColumn('timestamptz', { name: 'window_start' }) windowStart!: Date;
  @PrimaryColumn('uuid', { name: 'writer_id' }) writerId!: string;
  @PrimaryColumn('text') variant!: string;
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
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
}
