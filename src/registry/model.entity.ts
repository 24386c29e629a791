import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { MetricLimit, ModelId, OptimizingMetric } from './model';

@Entity('model')
@Unique('model_project_id_name_key', ['projectId', 'name'])
export class ModelEntity {
  @PrimaryColumn('uuid') id!: ModelId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('text', { default: '' }) description!: string;
  /** Null until the policy is declared. */
  @Column('jsonb', { nullable: true }) optimizing!: OptimizingMetric | null;
  @Column('jsonb', { default: [] }) limits!: readonly MetricLimit[];
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
