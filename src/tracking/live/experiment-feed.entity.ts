import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import { ExperimentEntity } from '../experiment.entity';
import type { ExperimentId, RunId } from '../run';

/** Counts what changes among an experiment's runs, in the order of commits: it is taken under this row's lock. */
@Entity('experiment_feed')
export class ExperimentFeedEntity {
  @PrimaryColumn('uuid', { name: 'experiment_id' }) experimentId!: ExperimentId;
  @ManyToOne(() => ExperimentEntity)
  @JoinColumn({ name: 'experiment_id', foreignKeyConstraintName: 'experiment_feed_experiment_id_fkey' })
  experiment?: ExperimentEntity;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('bigint') seq!: string;
}

/**
 * What has changed of a run as a member of its experiment, by the last number of each kind of change: one row, however
 * often it changes. It outlives the run, so that whoever was away hears that it has gone.
 */
@Entity('run_change')
@Index('run_change_experiment_id_seq_idx', ['experimentId', 'seq', 'runId'])
export class RunChangeEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'experiment_id' }) experimentId!: ExperimentId;
  @ManyToOne(() => ExperimentEntity)
  @JoinColumn({ name: 'experiment_id', foreignKeyConstraintName: 'run_change_experiment_id_fkey' })
  experiment?: ExperimentEntity;
  /** The highest of the others. */
  @Column('bigint') seq!: string;
  @Column('bigint', { name: 'started_seq', nullable: true }) startedSeq!: string | null;
  @Column('bigint', { name: 'status_seq', nullable: true }) statusSeq!: string | null;
  @Column('bigint', { name: 'name_seq', nullable: true }) nameSeq!: string | null;
  /** Deleted or restored. */
  @Column('bigint', { name: 'lifecycle_seq', nullable: true }) lifecycleSeq!: string | null;
  @Column('bigint', { name: 'purged_seq', nullable: true }) purgedSeq!: string | null;
}
