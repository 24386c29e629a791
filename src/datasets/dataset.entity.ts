import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { DatasetId } from './dataset';

/** A name under which versions of data are kept. */
@Entity('dataset')
@Unique('dataset_project_id_name_key', ['projectId', 'name'])
export class DatasetEntity {
  @PrimaryColumn('uuid') id!: DatasetId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
