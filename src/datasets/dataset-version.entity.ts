import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ProjectId } from '../kernel/ids';
import type { DataFormat } from './data-profile';
import type { DatasetId, DatasetVersionId, DeclaredColumn } from './dataset';
import { DatasetEntity } from './dataset.entity';

/** What the data was at one time. Never changed: other data is another version. */
@Entity('dataset_version')
@Unique('dataset_version_dataset_id_number_key', ['datasetId', 'number'])
@Unique('dataset_version_dataset_id_sha256_key', ['datasetId', 'sha256'])
@Index('dataset_version_sha256_idx', ['sha256'])
export class DatasetVersionEntity {
  @PrimaryColumn('uuid') id!: DatasetVersionId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'dataset_id' }) datasetId!: DatasetId;
  @ManyToOne(() => DatasetEntity)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_version_dataset_id_fkey' })
  dataset?: DatasetEntity;
  @Column('integer') number!: number;
  @Column('char', { length: 64, nullable: true }) sha256!: Sha256 | null;
  @Column('text', { nullable: true }) uri!: string | null;
  @Column('text', { nullable: true }) format!: DataFormat | null;
  @Column('bigint', { name: 'size_bytes', nullable: true }) sizeBytes!: string | null;
  @Column('bigint', { name: 'row_count', nullable: true }) rowCount!: string | null;
  @Column('text', { nullable: true }) target!: string | null;
  @Column('jsonb', { name: 'declared_columns', nullable: true }) declaredColumns!:
    readonly DeclaredColumn[] | null;
  @Column('text', { nullable: true }) description!: string | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
