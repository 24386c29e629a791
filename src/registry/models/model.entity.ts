import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { MetricLimit, ModelId, OptimizingMetric, Tags } from './model';

@Entity('model')
@Index('model_project_id_name_key', ['projectId', 'name'], { unique: true, where: 'deleted_at IS NULL' })
export class ModelEntity {
  @PrimaryColumn('uuid') id!: ModelId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('text', { default: '' }) description!: string;
  /** Null until the policy is declared. */
  @Column('jsonb', { nullable: true }) optimizing!: OptimizingMetric | null;
  @Column('jsonb', { default: [] }) limits!: readonly MetricLimit[];
  @Column('jsonb', { default: {} }) tags!: Tags;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' }) updatedAt!: Date;
  /** Its name is free from then on; its versions went with it. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
