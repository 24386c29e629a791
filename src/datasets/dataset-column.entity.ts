import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { Datatype } from './column-statistics';
import type { DatasetVersionId } from './dataset';
import { DatasetVersionEntity } from './dataset-version.entity';

/** One column of a version: its type and its statistics. */
@Entity('dataset_column')
export class DatasetColumnEntity {
  @PrimaryColumn('uuid', { name: 'version_id' }) versionId!: DatasetVersionId;
  @ManyToOne(() => DatasetVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'dataset_column_version_id_fkey' })
  version?: DatasetVersionEntity;
  @PrimaryColumn('integer') position!: number;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('text') datatype!: Datatype;
  @Column('bigint') missing!: string;
  /** Null where there were too many to count. */
  @Column('bigint', { name: 'distinct_count', nullable: true }) distinctCount!: string | null;
  @Column('float8', { nullable: true }) min!: number | null;
  @Column('float8', { nullable: true }) max!: number | null;
  @Column('float8', { nullable: true }) mean!: number | null;
}
