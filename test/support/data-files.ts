import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataProfile } from '../../src/datasets/data-profile';
import type { Job, JobResults } from '../../src/datasets/reading/jobs';
import { perform } from '../../src/datasets/reading/perform';

/**
 * Does a job in this process; the reading processes do the same.
 *
 * @param look at what it has left in the folder, before that goes
 */
export async function performed<J extends Job>(
  make: (folder: string) => Promise<J>,
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<JobResults[J['kind']]> {
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-data-'));
  try {
    const result = await perform(await make(folder), join(folder, 'job'));
    await look();
    return result as JobResults[J['kind']];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a file with this content is found to hold. */
export const profileOf = (content: string | Uint8Array): Promise<DataProfile> =>
  performed(async (folder) => {
    const path = join(folder, "it's a file");
    await writeFile(path, content);
    return { kind: 'profile', path };
  });

/** A Parquet file with the rows of this SELECT. */
export async function parquet(select: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  try {
    const connection = await instance.connect();
    await connection.run(`COPY (${select}) TO '${folder}/made.parquet' (FORMAT parquet)`);
    return await readFile(join(folder, 'made.parquet'));
  } finally {
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}
