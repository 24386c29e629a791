import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { MIGRATIONS } from '../../migrations/all';
import { ENTITIES } from '../../src/entities';
import { createDataSource, migrate, type DataSourceInput } from '../../src/kernel/database/data-source';
import { EmbeddedDatabase } from '../../src/kernel/database/embedded-database';

/**
 * Making and migrating a database takes seconds, copying one a fraction of that: so a template is made once for each
 * set of migrations, and every test file works on a copy.
 */
export const TEST_ENGINE = process.env.MODELGRAPH_TEST_ENGINE === 'postgres' ? 'postgres' : 'embedded';

const SERVER_URL = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const FINGERPRINT = fingerprint();
const TEMPLATE_FOLDER = join(tmpdir(), `modelgraph-template-${FINGERPRINT}`);
const TEMPLATE_DATABASE = `modelgraph_template_${FINGERPRINT}`;

export async function makeTemplate(): Promise<void> {
  await (TEST_ENGINE === 'postgres' ? makeServerTemplate() : makeEmbeddedTemplate());
}

/** A migrated database folder for the embedded engine. The system's own command takes a third of the time that Node's does. */
export async function copyEmbeddedTemplate(target: string): Promise<void> {
  await promisify(execFile)('cp', ['-R', TEMPLATE_FOLDER, target]);
}

/** A migrated database of its own on the server. */
export async function createServerDatabase(name: string): Promise<string> {
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  return urlOf(name);
}

export const dropServerDatabase = (name: string): Promise<void> =>
  onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);

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

async function makeServerTemplate(): Promise<void> {
  await onServer(`DROP DATABASE IF EXISTS ${TEMPLATE_DATABASE} WITH (FORCE)`);
  await onServer(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await migrateAt({ url: urlOf(TEMPLATE_DATABASE) });
}

async function migrateAt(connection: DataSourceInput['connection']): Promise<void> {
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: MIGRATIONS });
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.destroy();
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: SERVER_URL });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

function urlOf(database: string): string {
  const url = new URL(SERVER_URL);
  url.pathname = `/${database}`;
  return url.toString();
}

function fingerprint(): string {
  const folder = join(__dirname, '../../migrations');
  const hash = createHash('sha256').update(readFileSync(join(__dirname, '../../package-lock.json')));
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
