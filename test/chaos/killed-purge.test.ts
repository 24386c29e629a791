import { join } from 'node:path';
import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { EmbeddedDatabase } from '../../src/kernel/database/embedded-database';
import { ServerProcess } from '../support/server-process';
import { TrackingClient } from '../support/tracking-client';

/** Chunks of points of each run: deleting them takes seconds. */
const CHUNKS = 15_000;
/**
 * What is to happen with the server that deletes them, and how long after it listens, in ms: a fast machine is met, and
 * a slow one.
 */
const ENDS = [
  ...[300, 600, 1_200, 2_400].map((afterMs) => ['SIGKILL', afterMs] as const),
  ...Array.from({ length: 20 }, () => ['SIGTERM', 6_000] as const),
] as const;

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

test('kill -9 while runs go for good: nobody ever sees a half of one, and in the end nothing is left', async () => {
  let server = await ServerProcess.start(folder);
  const tracking = new TrackingClient(server);
  const runIds = [
    await tracking.newRun({ experiment: 'to go', params: [{ key: 'p', value: '1' }] }),
    await tracking.newRun({ experiment: 'to go', params: [{ key: 'p', value: '1' }] }),
  ];
  const kept = await tracking.newRun({ experiment: 'to go', parentRunId: runIds[0] });
  await server.kill('SIGTERM');
  await inDatabase(
    folder,
    `INSERT INTO metric_chunk (run_id, key, subject, seq, project_id, point_count, steps, "values", timestamps)
     SELECT r.id, 'm', '', n, r.project_id, 1, '\\x00', '\\x00', '\\x00' FROM run r, generate_series(1, ${CHUNKS}) n
     WHERE r.parent_run_id IS NULL`,
  );
  server = await ServerProcess.start(folder);
  await server.data(
    `mutation ($ids: DeleteRunsInput!, $gone: PurgeRunsInput!) {
       deleteRuns(input: $ids) { __typename } purgeRuns(input: $gone) { __typename } }`,
    { ids: { runIds }, gone: { runIds } },
  );
  const left: number[] = [];
  for (const [signal, afterMs] of ENDS) {
    await expect(seen(server, runIds, kept)).resolves.toEqual({
      ...{ run: null, everywhere: { nodes: [{ id: kept }] }, byParam: { nodes: [] }, kept: { parent: null } },
    });
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await server.kill(signal);
    const [row] = await inDatabase<{ rows: number }>(
      folder,
      'SELECT (SELECT count(*) FROM metric_chunk)::int + (SELECT count(*) FROM run)::int - 1 AS rows',
    );
    left.push(row?.rows ?? NaN);
    if (left.at(-1) === 0) break;
    server = await ServerProcess.start(folder);
  }
  // It was killed in the midst of it: some of the points were gone, and some were not.
  expect(left.filter((rows) => rows > 0 && rows < 2 * CHUNKS)).not.toEqual([]);
  expect(left.at(-1)).toBe(0);
}, 600_000);

const seen = (server: ServerProcess, [runId]: readonly string[], kept: string) =>
  server.data(
    `query ($id: ID!, $kept: ID!) {
       run(id: $id) { id } kept: run(id: $kept) { parent { id } }
       everywhere: runs(view: ALL) { nodes { id } } byParam: runs(filter: "params.p = '1'", view: ALL) { nodes { id } } }`,
    { id: runId, kept },
  );

/** A statement in the database of a store that no server has. */
async function inDatabase<Row>(store: string, sql: string): Promise<readonly Row[]> {
  const embedded = await EmbeddedDatabase.open(join(store, 'database'));
  const connection = { stream: () => embedded.stream() };
  const database = new Database(
    createDataSource({ connection, entities: ENTITIES, migrations: [] }),
    'embedded',
  );
  await database.open();
  const rows = await database.query<Row>(sql);
  await database.stop();
  await embedded.stop();
  return rows;
}
