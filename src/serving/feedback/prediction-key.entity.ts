import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';

@Entity('prediction_key')
export class PredictionKeyEntity {
  @PrimaryColumn('uuid', { name: 'project_id' }) projectId!: ProjectId;
  @Column('bytea') secret!: Buffer;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
