import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from './ids';

@Entity('idempotency_key')
@Index('idempotency_key_created_at_idx', ['createdAt'])
export class IdempotencyKeyEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @PrimaryColumn('text') operation!: string;
  @PrimaryColumn('text') key!: string;
  @Column('char', { name: 'input_hash', length: 64 }) inputHash!: string;
  @Column('text', { default: '' }) reference!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
