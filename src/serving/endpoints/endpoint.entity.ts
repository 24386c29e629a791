import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { EndpointId } from './endpoint';
import type { GivenRouting } from './endpoint-routing';
import type { GivenSettings } from './endpoint-settings';

@Entity('endpoint')
@Unique('endpoint_project_id_name_key', ['projectId', 'name'])
export class EndpointEntity {
  @PrimaryColumn('uuid') id!: EndpointId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('text') name!: string;
  @Column('jsonb', { default: {} }) settings!: GivenSettings;
  @Column('jsonb', { default: {} }) routing!: GivenRouting;
  @Column('int') revision!: number;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
