import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { JsonDouble } from '../kernel/tensors/double';
import type { ProjectId } from '../kernel/ids';
import type { Datatype, Histogram, ValueCount } from './data-profile';
import type { DatasetVersionId } from './dataset';
import { DatasetVersionEntity } from './dataset-version.entity';

/** What is only shown: nothing is searched in it. Doubles that JSON has no number for are texts. */
export interface StoredProfile {
  readonly quantiles: readonly JsonDouble[] | null;
  readonly histogram: Histogram | null;
  readonly topValues: readonly ValueCount[];
}

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
  @Column('text', { name: 'source_type', nullable: true }) sourceType!: string | null;
  @Column('bigint') missing!: string;
  /** Null where there were too many to count. */
  @Column('bigint', { name: 'distinct_count', nullable: true }) distinctCount!: string | null;
  /** Null in rows made before there were estimates. */
  @Column('bigint', { name: 'approximate_distinct', nullable: true }) approximateDistinct!: string | null;
  @Column('float8', { nullable: true }) min!: number | null;
  @Column('float8', { nullable: true }) max!: number | null;
  @Column('float8', { nullable: true }) mean!: number | null;
  @Column('float8', { nullable: true }) stddev!: number | null;
  /** Null in rows made before there were profiles. */
  @Column('jsonb', { nullable: true }) profile!: StoredProfile | null;
}
