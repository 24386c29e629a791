import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { ProjectId } from '../../kernel/ids';
import type { LoggedModelId, RunModelDirection } from '../logged-model';
import { LoggedModelEntity } from './logged-model.entity';
import type { RunId } from '../run';
import { RunEntity } from '../run.entity';

@Entity('logged_model_param')
export class LoggedModelParamEntity {
  @PrimaryColumn('uuid', { name: 'logged_model_id' }) loggedModelId!: LoggedModelId;
  @ManyToOne(() => LoggedModelEntity)
  @JoinColumn({
    name: 'logged_model_id',
    foreignKeyConstraintName: 'logged_model_param_logged_model_id_fkey',
  })
  loggedModel?: LoggedModelEntity;
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') value!: string;
}

@Entity('logged_model_tag')
export class LoggedModelTagEntity {
  @PrimaryColumn('uuid', { name: 'logged_model_id' }) loggedModelId!: LoggedModelId;
  @ManyToOne(() => LoggedModelEntity)
  @JoinColumn({ name: 'logged_model_id', foreignKeyConstraintName: 'logged_model_tag_logged_model_id_fkey' })
  loggedModel?: LoggedModelEntity;
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') value!: string;
}

@Entity('logged_model_artifact')
@Index('logged_model_artifact_sha256_idx', ['sha256'])
export class LoggedModelArtifactEntity {
  @PrimaryColumn('uuid', { name: 'logged_model_id' }) loggedModelId!: LoggedModelId;
  @ManyToOne(() => LoggedModelEntity)
  @JoinColumn({
    name: 'logged_model_id',
    foreignKeyConstraintName: 'logged_model_artifact_logged_model_id_fkey',
  })
  loggedModel?: LoggedModelEntity;
  @PrimaryColumn('text') path!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('char', { length: 64 }) sha256!: Sha256;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}

/** The latest value of each metric, per run that measured it and dataset: the run's series have all of its points. */
@Entity('logged_model_metric')
@Index('logged_model_metric_run_id_idx', ['runId'])
export class LoggedModelMetricEntity {
  @PrimaryColumn('uuid', { name: 'logged_model_id' }) loggedModelId!: LoggedModelId;
  @ManyToOne(() => LoggedModelEntity)
  @JoinColumn({
    name: 'logged_model_id',
    foreignKeyConstraintName: 'logged_model_metric_logged_model_id_fkey',
  })
  loggedModel?: LoggedModelEntity;
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'logged_model_metric_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('text') key!: string;
  /** As the client calls it; empty where it named none. */
  @PrimaryColumn('text', { name: 'dataset_name' }) datasetName!: string;
  @PrimaryColumn('text', { name: 'dataset_digest' }) datasetDigest!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('float8') value!: number;
  @Column('bigint') step!: string;
  @Column('bigint', { name: 'timestamp_ms' }) timestampMs!: string;
}

@Entity('run_model')
@Index('run_model_logged_model_id_idx', ['loggedModelId'])
export class RunModelEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_model_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('uuid', { name: 'logged_model_id' }) loggedModelId!: LoggedModelId;
  @ManyToOne(() => LoggedModelEntity)
  @JoinColumn({ name: 'logged_model_id', foreignKeyConstraintName: 'run_model_logged_model_id_fkey' })
  loggedModel?: LoggedModelEntity;
  @PrimaryColumn('text') direction!: RunModelDirection;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('bigint', { default: 0 }) step!: string;
}
