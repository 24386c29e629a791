import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { ModelVersionId } from '../../registry/registry';
import type { EndpointId } from '../endpoints/endpoint';

/** No foreign keys: what came of a prediction is true whatever has become of what answered it. */
@Entity('prediction_feedback')
@Index('prediction_feedback_arm_idx', ['endpointId', 'variant', 'versionId', 'byRule', 'predictedAt'])
@Index('prediction_feedback_created_at_idx', ['createdAt'])
export class PredictionFeedbackEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @PrimaryColumn('uuid', { name: 'prediction_id' }) predictionId!: string;
  @Column('uuid', { name: 'endpoint_id' }) endpointId!: EndpointId;
  @Column('text') variant!: string;
  @Column('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  @Column('boolean', { name: 'by_rule' }) byRule!: boolean;
  @Column('float8') reward!: number;
  @Column('jsonb', { nullable: true }) truth!: unknown;
  @Column('timestamptz', { name: 'predicted_at' }) predictedAt!: Date;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
