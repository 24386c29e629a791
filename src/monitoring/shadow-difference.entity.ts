import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { ModelVersionId } from '../registry/registry';
import type { EndpointId } from '../serving/serving';

/** One minute of one process: how a shadow's answers differed from those of one variant that answered callers. */
@Entity('shadow_difference')
@Index('shadow_difference_window_start_idx', ['windowStart'])
export class ShadowDifferenceEntity {
  @PrimaryColumn('uuid', { name: 'endpoint_id' }) endpointId!: EndpointId;
  @PrimaryColumn('timestamptz', { name: 'window_start' }) windowStart!: Date;
  @PrimaryColumn('uuid', { name: 'writer_id' }) writerId!: string;
  @PrimaryColumn('text') variant!: string;
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  @PrimaryColumn('text', { name: 'live_variant' }) liveVariant!: string;
  @PrimaryColumn('uuid', { name: 'live_version_id' }) liveVersionId!: ModelVersionId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('bigint') compared!: string;
  @Column('bigint') disagreed!: string;
  @Column('bigint') dropped!: string;
  @Column('bigint', { name: 'value_count' }) valueCount!: string;
  @Column('float8', { name: 'abs_difference' }) absDifference!: number;
}
