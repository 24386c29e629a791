import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import { ExperimentEntity } from '../experiment.entity';
import type { ExperimentId } from '../run';

/**
 * How long an experiment keeps its runs; no row: as long as its project says. All null: for ever, whatever that says.
 */
@Entity('experiment_retention')
export class ExperimentRetentionEntity {
  @PrimaryColumn('uuid', { name: 'experiment_id' }) experimentId!: ExperimentId;
  @OneToOne(() => ExperimentEntity)
  @JoinColumn({ name: 'experiment_id', foreignKeyConstraintName: 'experiment_retention_experiment_id_fkey' })
  experiment?: ExperimentEntity;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('integer', { name: 'delete_after_days', nullable: true }) deleteAfterDays!: number | null;
  @Column('integer', { name: 'delete_failed_after_days', nullable: true }) deleteFailedAfterDays!:
    number | null;
  @Column('integer', { name: 'purge_deleted_after_days', nullable: true }) purgeDeletedAfterDays!:
    number | null;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
