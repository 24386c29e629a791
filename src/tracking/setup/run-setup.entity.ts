import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { ProjectId } from '../../kernel/ids';
import type { RunId } from '../run';
import { RunEntity } from '../run.entity';
import type { FileRole } from './run-setup';

/** What a run was made with. Where the code came from is in the run's own row, by which runs are found. */
@Entity('run_setup')
export class RunSetupEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_setup_run_id_fkey' })
  run?: RunEntity;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('jsonb', { default: {} }) code!: Readonly<Record<string, unknown>>;
  @Column('jsonb', { default: {} }) environment!: Readonly<Record<string, unknown>>;
  /** By name; 64 bits as text. */
  @Column('jsonb', { default: {} }) seeds!: Readonly<Record<string, string>>;
}

/** Bytes that belong to it: the diff, configuration, files that pin packages. */
@Entity('run_setup_file')
@Index('run_setup_file_sha256_idx', ['sha256'])
export class RunSetupFileEntity {
  @PrimaryColumn('uuid', { name: 'run_id' }) runId!: RunId;
  @ManyToOne(() => RunEntity)
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'run_setup_file_run_id_fkey' })
  run?: RunEntity;
  @PrimaryColumn('text') role!: FileRole;
  @PrimaryColumn('text') path!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('char', { length: 64 }) sha256!: Sha256;
}
