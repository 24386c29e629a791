import type { Transaction } from '../../kernel/database/sql';
import type { Run, Source } from '../run';
import { RUN } from '../tracking.queries';
import type { RunSetup } from './run-setup';

/** Writes what runs were made with. */
export class RunSetupStore {
  /** Where the code came from, in the place of what was there. */
  async putSource(tx: Transaction, { id }: Run, source: Source): Promise<Run> {
    const [run] = await tx.query<Run>(
      `/* tracking.putSource */ UPDATE run AS r SET source = $2::jsonb WHERE r.id = $1 RETURNING ${RUN}`,
      [id, JSON.stringify(source)],
    );
    return run as Run;
  }

  /** All of it, in the place of what was there. */
  async put(tx: Transaction, { id, projectId }: Run, setup: RunSetup): Promise<void> {
    const { code, environment, variables, seeds, files } = setup;
    await tx.query(
      `/* tracking.putSetup */ INSERT INTO run_setup (run_id, project_id, code, environment, seeds)
       VALUES ($1, $2, $3::jsonb, $4::jsonb, $5::jsonb)
       ON CONFLICT (run_id) DO UPDATE
       SET code = excluded.code, environment = excluded.environment, seeds = excluded.seeds`,
      [
        ...[id, projectId, JSON.stringify(code), JSON.stringify({ ...environment, variables })],
        JSON.stringify(Object.fromEntries(seeds.map(({ name, value }) => [name, String(value)]))),
      ],
    );
    if (files.length === 0) return;
    await tx.query(
      `/* tracking.putSetupFiles */ INSERT INTO run_setup_file (run_id, project_id, role, path, sha256)
       SELECT $1::uuid, $2::uuid, file.role, file.path, file.sha256
       FROM unnest($3::text[], $4::text[], $5::text[]) AS file (role, path, sha256)
       ON CONFLICT (run_id, role, path) DO NOTHING`,
      [
        ...[id, projectId, files.map(({ role }) => role)],
        ...[files.map(({ path }) => path), files.map(({ sha256 }) => sha256)],
      ],
    );
  }
}
