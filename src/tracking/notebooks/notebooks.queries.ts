import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import type { RunArtifact, RunId } from '../run';

export class NotebookQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** Null where the run has no file at that path. */
  async file(projectId: ProjectId, runId: RunId, path: string): Promise<RunArtifact | null> {
    const [file] = await this.sql.query<RunArtifact & { readonly sizeBytes: string }>(
      `/* notebooks.file */ SELECT f.path, f.sha256, a.size_bytes AS "sizeBytes"
       FROM run_artifact f JOIN artifact a ON a.project_id = f.project_id AND a.sha256 = f.sha256
       WHERE f.project_id = $1 AND f.run_id = $2 AND f.path = $3`,
      [projectId, runId, path],
    );
    return file ? { ...file, sizeBytes: Number(file.sizeBytes) } : null;
  }
}
