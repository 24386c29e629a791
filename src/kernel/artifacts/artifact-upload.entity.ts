import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Sha256 } from './artifact';
import type { UploadId } from './artifact-upload';
import type { DraftId } from './drafts';
import type { ProjectId } from '../ids';

/** An artifact that comes in parts. */
@Entity('artifact_upload')
@Index('artifact_upload_created_at_idx', ['createdAt'])
@Index('artifact_upload_project_id_idx', ['projectId'])
export class ArtifactUploadEntity {
  @PrimaryColumn('uuid') id!: UploadId;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  /** What is to be made of it, in the words of whoever opened it. */
  @Column('text') place!: string;
  @Column('integer', { name: 'part_count' }) partCount!: number;
  /** Of the token that may send its parts. */
  @Column('char', { name: 'token_hash', length: 64 }) tokenHash!: string;
  /** Of the artifact, once the parts are joined; they are gone then. */
  @Column('char', { length: 64, nullable: true }) sha256!: Sha256 | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}

@Entity('artifact_upload_part')
export class ArtifactUploadPartEntity {
  @PrimaryColumn('uuid', { name: 'upload_id' }) uploadId!: UploadId;
  @ManyToOne(() => ArtifactUploadEntity)
  @JoinColumn({ name: 'upload_id', foreignKeyConstraintName: 'artifact_upload_part_upload_id_fkey' })
  upload?: ArtifactUploadEntity;
  @PrimaryColumn('integer') number!: number;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('uuid', { name: 'draft_id' }) draftId!: DraftId;
  @Column('char', { length: 64 }) sha256!: Sha256;
  @Column('bigint', { name: 'size_bytes' }) sizeBytes!: string;
}
