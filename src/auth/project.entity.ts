import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../kernel/ids';

/** The boundary of names, rights and limits. */
@Entity('project')
@Unique('project_name_key', ['name'])
export class ProjectEntity {
  @PrimaryColumn('uuid') id!: ProjectId;
  @Column('text') name!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
