import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Role } from '../kernel/actor';
import type { Id, ProjectId } from '../kernel/ids';
import { ProjectEntity } from './project.entity';

/** A credential. Only its hash is kept. */
@Entity('api_key')
@Unique('api_key_hash_key', ['hash'])
export class ApiKeyEntity {
  @PrimaryColumn('uuid') id!: Id<'api_key'>;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @ManyToOne(() => ProjectEntity)
  @JoinColumn({ name: 'project_id', foreignKeyConstraintName: 'api_key_project_id_fkey' })
  project?: ProjectEntity;
  @Column('text') name!: string;
  @Column('char', { length: 64 }) hash!: string;
  @Column('text') role!: Role;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt!: Date | null;
}
