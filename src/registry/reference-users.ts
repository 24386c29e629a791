import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';

/** An endpoint that names a model: `fraud@production`, `fraud@2.1.0`. */
export interface ReferenceUser {
  readonly endpoint: string;
  readonly ref: string;
}

/**
 * Whoever keeps references to models: what they name may not go. Serving implements it; `compose.ts` joins the two. It
 * is asked with the model's row held, which a deployment holds too.
 */
export interface ReferenceUsers {
  usersOf(sql: SqlRunner, projectId: ProjectId, model: string): Promise<readonly ReferenceUser[]>;
}
