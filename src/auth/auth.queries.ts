import type { Role } from '../kernel/actor';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';

export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly projectId: ProjectId;
}

export class AuthQueries {
  constructor(private readonly sql: SqlRunner) {}

  async keyByHash(hash: string): Promise<StoredKey | null> {
    const [key] = await this.sql.query<StoredKey>(
      `/* auth.keyByHash */ SELECT id, name, role, project_id AS "projectId" FROM api_key
       WHERE hash = $1 AND revoked_at IS NULL`,
      [hash],
    );
    return key ?? null;
  }

  projectNames(ids: readonly ProjectId[]): Promise<{ id: ProjectId; name: string }[]> {
    return this.sql.query('/* auth.projectNames */ SELECT id, name FROM project WHERE id = ANY($1::uuid[])', [
      ids,
    ]);
  }

  async projectByName(name: string): Promise<ProjectId | null> {
    const [project] = await this.sql.query<{ id: ProjectId }>(
      '/* auth.projectByName */ SELECT id FROM project WHERE name = $1',
      [name],
    );
    return project?.id ?? null;
  }
}
