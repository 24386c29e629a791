import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { DatasetVersionId } from '../../datasets/datasets';
import type { ModelVersionId } from './model-version';
import { ModelVersionEntity } from './model-version.entity';
import type { DatasetRole } from '../registry.events';

/** Data that a version was made from or measured on. */
@Entity('model_version_dataset')
@Index('model_version_dataset_dataset_version_id_idx', ['datasetVersionId'])
export class ModelVersionDatasetEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  @PrimaryColumn('uuid', { name: 'dataset_version_id' }) datasetVersionId!: DatasetVersionId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @ManyToOne(() => ModelVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'model_version_dataset_version_id_fkey' })
  version?: ModelVersionEntity;
  @Column('text') role!: DatasetRole;
}
