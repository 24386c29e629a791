import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { LineageKey, LineageKind } from './lineage-key';

@Entity('lineage_node')
export class LineageNodeEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @PrimaryColumn('text') key!: LineageKey;
  @Column('text') kind!: LineageKind;
  @Column('text') label!: string;
}
