import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { DatasetVersionId } from '../../datasets/datasets';
import type { ModelVersionId } from './model-version';
import { ModelVersionEntity } from './model-version.entity';

/** A number measured for a version; doubles are kept exactly, NaN included. */
@Entity('model_version_metric')
export class ModelVersionMetricEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  /** Order in which the metrics were given. */
  @PrimaryColumn('integer') position!: number;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @ManyToOne(() => ModelVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'model_version_metric_version_id_fkey' })
  version?: ModelVersionEntity;
  @Column('text') key!: string;
  @Column('double precision') value!: number;
  @Column('uuid', { name: 'dataset_version_id', nullable: true }) datasetVersionId!: DatasetVersionId | null;
  /** The dataset version's reference, which never changes: reasons and gates speak of data by name. */
  @Column('text', { name: 'dataset_ref', nullable: true }) datasetRef!: string | null;
}
