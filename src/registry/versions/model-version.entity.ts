import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { ProjectId } from '../../kernel/ids';
import type { RunId } from '../../tracking/tracking';
import type { ModelId, Tags } from '../models/model';
import { ModelEntity } from '../models/model.entity';
import type { CodeSource, ModelVersionId, VersionFile, VersionFormat, VersionOrigin } from './model-version';
import type { Signature } from '../contract/signature';
import type { Stage } from './stage';
import type { VersionReason } from './version-number';

/** What was registered never changes; its words, its stage, and whether it is there still may. */
@Entity('model_version')
@Unique('model_version_model_id_ordinal_key', ['modelId', 'ordinal'])
@Unique('model_version_model_id_number_key', ['modelId', 'major', 'minor', 'pipeline'])
@Index('model_version_model_id_sha256_idx', ['modelId', 'sha256'])
@Index('model_version_run_id_idx', ['runId'])
@Index('model_version_sha256_idx', ['sha256'])
@Index('model_version_files_idx', { synchronize: false }) // what is in the list of files: the migration has it
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
  @Column('text', { default: 'ONNX' }) format!: VersionFormat;
  /** Null where it is one file, which the hash names. */
  @Column('jsonb', { nullable: true }) files!: readonly VersionFile[] | null;
  @Column('jsonb', { nullable: true }) origin!: VersionOrigin | null;
  @Column('jsonb', { default: {} }) tags!: Tags;
  @Column('text', { default: 'None' }) stage!: Stage;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
