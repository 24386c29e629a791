import { ApiKeyEntity } from './auth/api-key.entity';
import { ProjectEntity } from './auth/project.entity';
import { ArtifactEntity } from './kernel/artifact.entity';
import { EventEntity } from './kernel/event.entity';
import { IdempotencyKeyEntity } from './kernel/idempotency.entity';

/** Every table. Migrations make them; a test proves that the two agree. */
export const ENTITIES = [ProjectEntity, ApiKeyEntity, ArtifactEntity, EventEntity, IdempotencyKeyEntity];
