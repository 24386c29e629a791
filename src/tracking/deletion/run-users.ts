import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import type { RunId } from '../run';

/** Something that came from a run: a model version, for example. */
export interface RunUser {
  readonly runId: RunId;
  /** What people call it. */
  readonly what: string;
}

/**
 * Whoever keeps things that came from runs: such a run does not go for good by itself. The registry implements it;
 * `compose.ts` joins the two.
 */
export interface RunUsers {
  usersOf(sql: SqlRunner, projectId: ProjectId, runIds: readonly RunId[]): Promise<readonly RunUser[]>;
}
