import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { DeliveryId, DeliveryState, WebhookId } from './webhook';
import type { WebhookEvent } from './webhook-event';
import { WebhookEntity } from './webhook.entity';

/** What one webhook is told of one event: to be sent, and then the record of how that went. */
@Entity('webhook_delivery')
@Index('webhook_delivery_webhook_id_idx', ['webhookId', 'id'])
@Index('webhook_delivery_created_at_idx', ['createdAt'])
@Index('webhook_delivery_due_at_idx', ['dueAt'], { where: 'due_at IS NOT NULL' })
export class WebhookDeliveryEntity {
  @PrimaryColumn('uuid') id!: DeliveryId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'webhook_id' }) webhookId!: WebhookId;
  @ManyToOne(() => WebhookEntity)
  @JoinColumn({ name: 'webhook_id', foreignKeyConstraintName: 'webhook_delivery_webhook_id_fkey' })
  webhook?: WebhookEntity;
  @Column('text') event!: WebhookEvent;
  /** JSON, the same at every attempt. */
  @Column('text') body!: string;
  @Column('text', { default: 'PENDING' }) state!: DeliveryState;
  @Column('integer', { default: 0 }) attempts!: number;
  /** When it is tried next, or again where whoever tries it dies; null: never. */
  @Column('timestamptz', { name: 'due_at', nullable: true, default: () => 'now()' }) dueAt!: Date | null;
  @Column('integer', { name: 'response_status', nullable: true }) responseStatus!: number | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
}
