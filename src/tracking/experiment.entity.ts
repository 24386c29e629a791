import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { ExperimentId } from './run';

@Entity('experiment')
@Unique('experiment_project_id_name_key', ['projectId', 'name'])
export class ExperimentEntity {
  @PrimaryColumn('uuid') id!: ExperimentId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) description!: string | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}

@Entity('experiment_tag')
export class ExperimentTagEntity {
  @PrimaryColumn('uuid', { name: 'experiment_id' }) experimentId!: ExperimentId;
  @ManyToOne(() => ExperimentEntity)
  @JoinColumn({ name: 'experiment_id', foreignKeyConstraintName: 'experiment_tag_experiment_id_fkey' })
  experiment?: ExperimentEntity;
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') value!: string;
}
