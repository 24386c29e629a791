import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';

/** How long experiments without a rule of their own keep their runs; no row: for ever. */
@Entity('project_retention')
export class ProjectRetentionEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('integer', { name: 'delete_after_days', nullable: true }) deleteAfterDays!: number | null;
  @Column('integer', { name: 'delete_failed_after_days', nullable: true }) deleteFailedAfterDays!:
    number | null;
  @Column('integer', { name: 'purge_deleted_after_days', nullable: true }) purgeDeletedAfterDays!:
    number | null;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
