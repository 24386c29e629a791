import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { AliasId, MoveKind } from './alias';
import { ModelAliasEntity } from './model-alias.entity';
import type { ModelVersionId } from '../versions/model-version';
import { ModelVersionEntity } from '../versions/model-version.entity';
import type { StoredGate } from '../registry-rows';

/** The history of an alias: only ever added to. */
@Entity('alias_move')
export class AliasMoveEntity {
  @PrimaryColumn('uuid', { name: 'alias_id' }) aliasId!: AliasId;
  /** The alias's revision after the move. */
  @PrimaryColumn('integer') revision!: number;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @ManyToOne(() => ModelAliasEntity)
  @JoinColumn({ name: 'alias_id', foreignKeyConstraintName: 'alias_move_alias_id_fkey' })
  alias?: ModelAliasEntity;
  @Column('text') kind!: MoveKind;
  @Column('uuid', { name: 'version_id' }) versionId!: ModelVersionId;
  @ManyToOne(() => ModelVersionEntity)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'alias_move_version_id_fkey' })
  version?: ModelVersionEntity;
  @Column('uuid', { name: 'from_version_id', nullable: true }) fromVersionId!: ModelVersionId | null;
  /** Revision of the move that a rollback returns to (see `rollback.ts`). */
  @Column('integer', { name: 'returns_to', nullable: true }) returnsTo!: number | null;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text', { name: 'actor_name' }) actorName!: string;
  /** What the gates found, kept as evidence. Empty for a rollback, which asks none. */
  @Column('jsonb', { default: [] }) gates!: readonly StoredGate[];
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
