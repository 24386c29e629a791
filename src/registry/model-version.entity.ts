import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Sha256 } from '../kernel/artifacts';
import type { ProjectId } from '../kernel/ids';
import type { RunId } from '../tracking/tracking';
import type { ModelId } from './model';
import { ModelEntity } from './model.entity';
import type { CodeSource, ModelVersionId, Signature } from './model-version';
import type { VersionReason } from './version-number';

/** Never updated: a version is what was registered. */
@Entity('model_version')
@Unique('model_version_model_id_ordinal_key', ['modelId', 'ordinal'])
@Unique('model_version_model_id_number_key', ['modelId', 'major', 'minor', 'pipeline'])
@Unique('model_version_model_id_sha256_key', ['modelId', 'sha256'])
@Index('model_version_run_id_idx', ['runId'])
export class ModelVersionEntity {
  @PrimaryColumn('uuid') id!: ModelVersionId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'model_id' }) modelId!: ModelId;
  @ManyToOne(() => ModelEntity)
  @JoinColumn({ name: 'model_id', foreignKeyConstraintName: 'model_version_model_id_fkey' })
  model?: ModelEntity;
  @Column('integer') ordinal!: number;
  @Column('integer') major!: number;
  @Column('integer') minor!: number;
  @Column('integer') pipeline!: number;
  @Column('char', { length: 64 }) sha256!: Sha256;
  @Column('bigint', { name: 'size_bytes' }) sizeBytes!: string;
  @Column('jsonb') signature!: Signature;
  @Column('jsonb') reason!: VersionReason;
  @Column('uuid', { name: 'run_id', nullable: true }) runId!: RunId | null;
  @Column('jsonb', { nullable: true }) source!: CodeSource | null;
  @Column('text', { default: '' }) description!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
