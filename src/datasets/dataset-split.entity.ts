import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { DatasetVersionId } from './dataset';
import { DatasetVersionEntity } from './dataset-version.entity';

/** That a version is a part of another, and how it was drawn. */
@Entity('dataset_split')
export class DatasetSplitEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: DatasetVersionId;
  @ManyToOne(() => DatasetVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'dataset_split_version_id_fkey' })
  version?: DatasetVersionEntity;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Index('dataset_split_parent_id_idx')
  @Column('uuid', { name: 'parent_id' })
  parentId!: DatasetVersionId;
  @ManyToOne(() => DatasetVersionEntity)
  @JoinColumn({ name: 'parent_id', foreignKeyConstraintName: 'dataset_split_parent_id_fkey' })
  parent?: DatasetVersionEntity;
  @Column('text') name!: string;
  @Column('float8') fraction!: number;
  @Column('bigint') seed!: string;
  @Column('text', { name: 'stratify_by', nullable: true }) stratifyBy!: string | null;
  @Column('text', { name: 'group_by', nullable: true }) groupBy!: string | null;
}
