import type { Role } from '../kernel/actor';
import { newId, type ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import { ApiKeyEntity } from './api-key.entity';

export const DEFAULT_PROJECT = 'default';

export class AuthStore {
  /** Serialises first starts: the others wait here, and then find the key that the first has made. */
  async lockKeys(tx: Transaction): Promise<void> {
    await tx.query('/* auth.lockKeys */ LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE');
  }

  async ensureDefaultProject(tx: Transaction): Promise<ProjectId> {
    const [project] = await tx.query<{ id: ProjectId }>(
      `/* auth.ensureDefaultProject */ INSERT INTO project (id, name) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id`,
      [newId(), DEFAULT_PROJECT],
    );
    if (!project) throw new Error('An upsert returns its row.');
    return project.id;
  }

  async countKeys(tx: Transaction): Promise<number> {
    const [row] = await tx.query<{ count: string }>(
      '/* auth.countKeys */ SELECT count(*) AS count FROM api_key',
    );
    return Number(row?.count);
  }

  /** False where the key is known already. */
  async addKey(
    tx: Transaction,
    key: { projectId: ProjectId; name: string; hash: string; role: Role },
  ): Promise<boolean> {
    const [known] = await tx.query('/* auth.findKey */ SELECT 1 FROM api_key WHERE hash = $1', [key.hash]);
    if (known) return false;
    await tx.insert('auth.addKey', ApiKeyEntity, { id: newId(), ...key });
    return true;
  }
}
