import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import { ExperimentEntity } from '../experiment.entity';
import type { LoggedModelId, LoggedModelStatus } from '../logged-model';
import type { ExperimentId, RunId } from '../run';
import { RunEntity } from '../run.entity';

@Entity('logged_model')
@Index('logged_model_experiment_id_idx', ['experimentId', 'createdAt', 'id'])
@Index('logged_model_source_run_id_idx', ['sourceRunId'])
export class LoggedModelEntity {
  @PrimaryColumn('uuid') id!: LoggedModelId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'experiment_id' }) experimentId!: ExperimentId;
  @ManyToOne(() => ExperimentEntity)
  @JoinColumn({ name: 'experiment_id', foreignKeyConstraintName: 'logged_model_experiment_id_fkey' })
  experiment?: ExperimentEntity;
  @Column('text') name!: string;
  @Column('text', { name: 'model_type', nullable: true }) modelType!: string | null;
  @Column('text') status!: LoggedModelStatus;
  @Column('uuid', { name: 'source_run_id', nullable: true }) sourceRunId!: RunId | null;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'source_run_id', foreignKeyConstraintName: 'logged_model_source_run_id_fkey' })
  sourceRun?: RunEntity;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
