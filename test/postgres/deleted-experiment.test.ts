import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';
import { until } from '../support/until';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const REFUSED = '__typename ... on InvalidInputError { issues { path } }';
const START = `mutation { done: startRun(input: { experiment: "leaving" }) { ${REFUSED} } }`;
const RESTORE = `mutation ($ids: [ID!]!) { done: restoreRuns(input: { runIds: $ids }) { ${REFUSED} } }`;
const DELETE = 'mutation ($ids: [ID!]!) { done: deleteRuns(input: { runIds: $ids }) { __typename } }';

test('no run begins in an experiment that is being deleted, and none comes back to it', async () => {
  const ids = [await new TrackingClient(server).newRun({ experiment: 'leaving' })];
  await server.data(DELETE, { ids });
  const answers: Promise<Record<string, unknown>>[] = [];
  await server.database.transaction(async (tx) => {
    await tx.query(`UPDATE experiment SET deleted_at = now() WHERE name = 'leaving'`);
    answers.push(server.data(START), server.data(RESTORE, { ids }));
    await Promise.race([...answers, until(bothWait)]);
  });
  expect(await Promise.all(answers)).toEqual([refusedAt('name'), refusedAt('runIds')]);
});

const refusedAt = (path: string) => ({
  done: { __typename: 'InvalidInputError', issues: [{ path }] },
});

async function bothWait(): Promise<boolean> {
  const waiting = await server.database.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return waiting.length === 2;
}
