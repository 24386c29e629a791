import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import type { RunId, RunUser, RunUsers } from '../../tracking/tracking';

/** The versions that came from runs, for those who want to delete such a run for good. */
export class RunVersions implements RunUsers {
  usersOf(sql: SqlRunner, projectId: ProjectId, runIds: readonly RunId[]): Promise<readonly RunUser[]> {
    return sql.query<RunUser>(
      `/* registry.versionsFromRuns */
       SELECT v.run_id AS "runId", m.name || '@' || v.major || '.' || v.minor || '.' || v.pipeline AS what
       FROM model_version v JOIN model m ON m.id = v.model_id
       WHERE v.project_id = $1 AND v.run_id = ANY($2) AND v.deleted_at IS NULL
       ORDER BY m.name COLLATE "C", v.ordinal`,
      [projectId, runIds],
    );
  }
}
