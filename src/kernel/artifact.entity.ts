import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Sha256 } from './artifacts';
import type { ProjectId } from './ids';

/** A project owns these bytes. The bytes themselves are kept once, in the artifact store. */
@Entity('artifact')
export class ArtifactEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @PrimaryColumn('char', { length: 64 }) sha256!: Sha256;
  @Column('bigint', { name: 'size_bytes' }) sizeBytes!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
