import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Sha256 } from './artifact';
import type { ProjectId } from '../ids';

/** A project owns these bytes. The bytes themselves are kept once, in the artifact store. */
@Entity('artifact')
@Index('artifact_sha256_idx', ['sha256'])
export class ArtifactEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @PrimaryColumn('char', { length: 64 }) sha256!: Sha256;
  @Column('bigint', { name: 'size_bytes' }) sizeBytes!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  /** When it was sent, or found by who might refer to it: what nothing refers to is kept for a while after. */
  @Column('timestamptz', { name: 'used_at', default: () => 'now()' }) usedAt!: Date;
}

/** Bytes that no project has any more: they are to go, or have gone within the last day. */
@Entity('artifact_removal')
export class ArtifactRemovalEntity {
  @PrimaryColumn('char', { length: 64 }) sha256!: Sha256;
  /** The last project that had them. */
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
  /** When somebody began to remove them: from then on they may be gone. */
  @Column('timestamptz', { name: 'attempted_at', nullable: true }) attemptedAt!: Date | null;
  @Column('timestamptz', { name: 'done_at', nullable: true }) doneAt!: Date | null;
}
