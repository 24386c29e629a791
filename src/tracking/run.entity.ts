import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import { ExperimentEntity } from './experiment.entity';
import type { ExperimentId, RunId, Source } from './run';
import type { RunStatus } from './run-status';

@Entity('run')
@Index('run_project_id_started_at_idx', ['projectId', 'startedAt', 'id'])
@Index('run_experiment_id_started_at_idx', ['experimentId', 'startedAt', 'id'])
@Index('run_parent_run_id_idx', ['parentRunId'])
@Index('run_deleted_at_idx', ['projectId', 'deletedAt', 'id'], { where: 'deleted_at IS NOT NULL' })
@Index('run_commit_idx', { synchronize: false }) // of a fact of the source: the migration has it
@Index('run_tail_idx', ['projectId'], { where: 'tail_after IS NOT NULL' })
export class RunEntity {
  @PrimaryColumn('uuid') id!: RunId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'experiment_id' }) experimentId!: ExperimentId;
  @ManyToOne(() => ExperimentEntity)
  @JoinColumn({ name: 'experiment_id', foreignKeyConstraintName: 'run_experiment_id_fkey' })
  experiment?: ExperimentEntity;
  @Column('text') name!: string;
  @Column('text') status!: RunStatus;
  @Column('timestamptz', { name: 'started_at' }) startedAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column('uuid', { name: 'parent_run_id', nullable: true }) parentRunId!: RunId | null;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'parent_run_id', foreignKeyConstraintName: 'run_parent_run_id_fkey' })
  parent?: RunEntity;
  @Column('jsonb', { nullable: true }) source!: Source | null;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  /** Counts what subscribers can see, in the order of commits: it is taken under this row's lock. */
  @Column('bigint', { name: 'last_seq', default: 0 }) lastSeq!: string;
  /** The number of its end; null while it goes on. What comes late, after the end, has a higher one. */
  @Column('bigint', { name: 'ended_seq', nullable: true }) endedSeq!: string | null;
  /**
   * The last call before those that stand in `metric_tail`, where its chunks and summaries end; null where none does.
   */
  @Column('bigint', { name: 'tail_after', nullable: true }) tailAfter!: string | null;
  @Column('integer', { name: 'tail_calls', default: 0 }) tailCalls!: number;
  @Column('integer', { name: 'tail_points', default: 0 }) tailPoints!: number;
}
