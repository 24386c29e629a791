import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../kernel/ids';
import type { LineageKey } from './lineage-key';

/** Found from its beginning by the primary key, from its end by the index. */
@Entity('lineage_edge')
@Index('lineage_edge_project_id_to_key_idx', ['projectId', 'toKey'])
export class LineageEdgeEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @PrimaryColumn('text', { name: 'from_key' }) fromKey!: LineageKey;
  @PrimaryColumn('text', { name: 'to_key' }) toKey!: LineageKey;
  @PrimaryColumn('text') label!: string;
}
