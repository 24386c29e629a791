import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { ExperimentId } from './run';

@Entity('experiment')
@Index('experiment_purge_asked_at_idx', ['purgeAskedAt'], { where: 'purge_asked_at IS NOT NULL' })
@Unique('experiment_project_id_name_key', ['projectId', 'name'])
export class ExperimentEntity {
  @PrimaryColumn('uuid') id!: ExperimentId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) description!: string | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  /** When somebody wanted it gone for good; it goes when its last run has gone. */
  @Column('timestamptz', { name: 'purge_asked_at', nullable: true }) purgeAskedAt!: Date | null;
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
