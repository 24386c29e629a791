import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id, ProjectId } from './ids';

@Entity('event')
@Index('event_created_at_idx', ['createdAt'])
export class EventEntity {
  @PrimaryColumn('uuid') id!: Id<'event'>;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') topic!: string;
  @Column('text') type!: string;
  @Column('jsonb') payload!: object;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
