import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';

export class PredictionKeyStore {
  constructor(private readonly sql: SqlRunner) {}

  /** The project's key; `newSecret` where it has none, whichever of several processes comes first. */
  async keyOf(projectId: ProjectId, newSecret: Buffer): Promise<Buffer> {
    const [row] = await this.sql.query<{ secret: Buffer }>(
      `/* serving.predictionKey */ INSERT INTO prediction_key (project_id, secret) VALUES ($1, $2)
       ON CONFLICT (project_id) DO UPDATE SET project_id = excluded.project_id RETURNING secret`,
      [projectId, newSecret],
    );
    if (!row) throw new Error('An upsert returns its row.');
    return Buffer.from(row.secret);
  }
}
