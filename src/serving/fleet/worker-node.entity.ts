import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { WorkerNodeId } from './worker-calls';

/** A process that runs models. It belongs to no project: it runs those of all. */
@Entity('worker_node')
export class WorkerNodeEntity {
  @PrimaryColumn('uuid') id!: WorkerNodeId;
  /** `host:port` of its gRPC door. */
  @Column('text') address!: string;
  @Column('timestamptz', { name: 'started_at', default: () => 'now()' }) startedAt!: Date;
  /** On the database's clock, as is whoever judges its age. */
  @Index('worker_node_heartbeat_at_idx')
  @Column('timestamptz', { name: 'heartbeat_at', default: () => 'now()' })
  heartbeatAt!: Date;
  /** The execution provider in use; null while none of its workers is up. */
  @Column('text', { nullable: true }) provider!: string | null;
  @Column('integer') workers!: number;
  /** Of all its workers together, as is what they use. */
  @Column('bigint', { name: 'budget_bytes' }) budgetBytes!: string;
  @Column('bigint', { name: 'used_bytes' }) usedBytes!: string;
  /** SHA-256 of the models it holds. */
  @Column('jsonb') models!: readonly string[];
}
