import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { DatasetVersionId } from './dataset';
import { DatasetVersionEntity } from './dataset-version.entity';

/** A word about a version; may change, since it is not the data. */
@Entity('dataset_version_tag')
export class DatasetVersionTagEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: DatasetVersionId;
  @ManyToOne(() => DatasetVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'dataset_version_tag_version_id_fkey' })
  version?: DatasetVersionEntity;
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') value!: string;
}
