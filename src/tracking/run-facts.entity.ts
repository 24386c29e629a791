import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ProjectId } from '../kernel/ids';
import type { RunId } from './run';
import { RunEntity } from './run.entity';

@Entity('run_param')
@Index('run_param_search_idx', { synchronize: false }) // of the value's beginning: the migration has it
export class RunParamEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_param_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') value!: string;
}

@Entity('run_tag')
@Index('run_tag_search_idx', { synchronize: false }) // of the value's beginning: the migration has it
@Index('run_tag_note_idx', { synchronize: false }) // so is what is found by words
export class RunTagEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_tag_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') value!: string;
}

@Entity('run_artifact')
@Index('run_artifact_sha256_idx', ['sha256'])
export class RunArtifactEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_artifact_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('text') path!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('char', { length: 64 }) sha256!: Sha256;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}

/** What a run was tried on. */
@Entity('run_dataset')
export class RunDatasetEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_dataset_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('uuid', { name: 'dataset_version_id' }) datasetVersionId!: DatasetVersionId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  /** What it was used for, for example `training`; empty where nobody said. */
  @Column('text', { default: '' }) context!: string;
  /** What the client called it, in its own words; null where it named a version of ours. */
  @Column('text', { nullable: true }) name!: string | null;
  @Column('text', { nullable: true }) digest!: string | null;
  @Column('text', { name: 'source_type', nullable: true }) sourceType!: string | null;
  @Column('text', { nullable: true }) source!: string | null;
  @Column('text', { nullable: true }) schema!: string | null;
  @Column('text', { nullable: true }) profile!: string | null;
  @Column('jsonb', { default: {} }) tags!: Readonly<Record<string, string>>;
}
