import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { ProjectId } from '../../kernel/ids';
import type { EndpointId } from '../endpoints/endpoint';
import { EndpointEntity } from '../endpoints/endpoint.entity';

/** A question that an endpoint's cache has answered lately, to be asked again of a new version. */
@Entity('popular_question')
export class PopularQuestionEntity {
  @PrimaryColumn('uuid', { name: 'endpoint_id' }) endpointId!: EndpointId;
  @ManyToOne(() => EndpointEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'endpoint_id', foreignKeyConstraintName: 'popular_question_endpoint_id_fkey' })
  endpoint?: EndpointEntity;
  @PrimaryColumn('bytea') hash!: Buffer;
  @Column('uuid', { name: 'project_id' }) projectId!: ProjectId;
  /** As of `hitAt`; they fade. */
  @Column('float8') hits!: number;
  @Index('popular_question_hit_at_idx') @Column('timestamptz', { name: 'hit_at' }) hitAt!: Date;
  @Column('bytea') question!: Buffer;
}
