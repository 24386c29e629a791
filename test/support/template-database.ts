import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MIGRATIONS } from '../../migrations/all';
import { ENTITIES } from '../../src/entities';
import { createDataSource, migrate, type DataSourceInput } from '../../src/kernel/database/data-source';
import { EmbeddedDatabase } from '../../src/kernel/database/embedded-database';
import { beginRun } from './run-databases';

/**
 * Making and migrating a database takes seconds, copying one a fraction of that: so a template is made once for each
 * set of migrations, on a server once for each run, and every test file works on a copy.
 */
export const TEST_ENGINE = process.env.MODELGRAPH_TEST_ENGINE === 'postgres' ? 'postgres' : 'embedded';

const TEMPLATE_FOLDER = join(tmpdir(), `modelgraph-template-${fingerprint()}`);

export async function makeTemplate(): Promise<void> {
  await (TEST_ENGINE === 'postgres' ? beginRun((url) => migrateAt({ url })) : makeEmbeddedTemplate());
}

/**
 * A migrated database folder for the embedded engine. The system's own command takes a third of the time that Node's
 * does.
 */
export async function copyEmbeddedTemplate(target: string): Promise<void> {
  await promisify(execFile)('cp', ['-R', TEMPLATE_FOLDER, target]);
}

async function makeEmbeddedTemplate(): Promise<void> {
  if (existsSync(TEMPLATE_FOLDER)) return;
  const draft = await mkdtemp(join(tmpdir(), 'modelgraph-draft-'));
  const embedded = await EmbeddedDatabase.open(draft);
  await migrateAt({ stream: () => embedded.stream() });
  await embedded.stop();
  try {
    renameSync(draft, TEMPLATE_FOLDER);
  } catch {
    await rm(draft, { recursive: true, force: true }); // another run was first
  }
}

async function migrateAt(connection: DataSourceInput['connection']): Promise<void> {
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: MIGRATIONS });
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.destroy();
}

function fingerprint(): string {
  const folder = join(__dirname, '../../migrations');
  const hash = createHash('sha256').update(readFileSync(join(__dirname, '../../package-lock.json')));
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
