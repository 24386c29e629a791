import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSourceInput } from '../../src/kernel/database/data-source';
import { EmbeddedDatabase } from '../../src/kernel/database/embedded-database';
import { createServerDatabase } from './run-databases';
import { copyEmbeddedTemplate, TEST_ENGINE } from './template-database';

/** A migrated database of one's own, without a server in front. */
export async function openTestDatabase(): Promise<{
  connection: DataSourceInput['connection'];
  stop: () => Promise<void>;
}> {
  if (TEST_ENGINE === 'postgres') {
    const database = await createServerDatabase();
    return { connection: { url: database.url }, stop: () => database.drop() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-test-'));
  await copyEmbeddedTemplate(join(folder, 'database'));
  const embedded = await EmbeddedDatabase.open(join(folder, 'database'));
  const stop = async () => {
    await embedded.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { connection: { stream: () => embedded.stream() }, stop };
}
