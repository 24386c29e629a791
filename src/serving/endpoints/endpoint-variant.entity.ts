import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { EndpointId } from './endpoint';
import { EndpointEntity } from './endpoint.entity';

@Entity('endpoint_variant')
export class EndpointVariantEntity {
  @PrimaryColumn('uuid', { name: 'endpoint_id' }) endpointId!: EndpointId;
  @ManyToOne(() => EndpointEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'endpoint_id', foreignKeyConstraintName: 'endpoint_variant_endpoint_id_fkey' })
  endpoint?: EndpointEntity;
  @PrimaryColumn('text') name!: string;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('int') position!: number;
  @Column('text') ref!: string;
  @Column('float8') weight!: number;
  @Column('boolean') shadow!: boolean;
  @Column('int', { nullable: true }) instances!: number | null;
}
