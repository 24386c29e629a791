import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { WebhookId, WebhookStatus } from './webhook';
import type { WebhookEvent } from './webhook-event';

@Entity('webhook')
@Index('webhook_project_id_idx', ['projectId', 'id'])
export class WebhookEntity {
  @PrimaryColumn('uuid') id!: WebhookId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('text') url!: string;
  @Column('text', { array: true }) events!: WebhookEvent[];
  @Column('text', { nullable: true }) description!: string | null;
  @Column('text') status!: WebhookStatus;
  /** What signs its deliveries, encrypted; null: nothing does. */
  @Column('bytea', { name: 'sealed_secret', nullable: true }) sealedSecret!: Buffer | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
