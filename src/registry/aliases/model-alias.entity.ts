import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { AliasId } from './alias';
import type { ModelId } from '../models/model';
import { ModelEntity } from '../models/model.entity';
import type { ModelVersionId } from '../versions/model-version';
import { ModelVersionEntity } from '../versions/model-version.entity';

/** A name that moves. Its row is the only thing that a promotion changes. */
@Entity('model_alias')
@Unique('model_alias_model_id_name_key', ['modelId', 'name'])
@Index('model_alias_version_id_idx', ['versionId'])
export class ModelAliasEntity {
  @PrimaryColumn('uuid') id!: AliasId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'model_id' }) modelId!: ModelId;
  @ManyToOne(() => ModelEntity)
  @JoinColumn({ name: 'model_id', foreignKeyConstraintName: 'model_alias_model_id_fkey' })
  model?: ModelEntity;
  @Column('text') name!: string;
  @Column('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  @ManyToOne(() => ModelVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'model_alias_version_id_fkey' })
  version?: ModelVersionEntity;
  @Column('integer') revision!: number;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  /** Its history outlives it; whoever sets it again goes on with it. */
  @Column('timestamptz', { name: 'removed_at', nullable: true }) removedAt!: Date | null;
}
