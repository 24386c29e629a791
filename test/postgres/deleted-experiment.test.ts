import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';
import { until } from '../support/until';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const START = `mutation { startRun(input: { experiment: "leaving" }) {
  __typename ... on InvalidInputError { issues { path } } } }`;

test('no run begins in an experiment that is being deleted', async () => {
  await new TrackingClient(server).newRun({ experiment: 'leaving' });
  let started: Promise<Record<string, unknown>> | undefined;
  await server.database.transaction(async (tx) => {
    await tx.query(`UPDATE experiment SET deleted_at = now() WHERE name = 'leaving'`);
    started = server.data(START);
    await Promise.race([started, until(someoneWaits)]);
  });
  expect(await started).toMatchObject({
    startRun: { __typename: 'InvalidInputError', issues: [{ path: 'name' }] },
  });
});

async function someoneWaits(): Promise<boolean> {
  const waiting = await server.database.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return waiting.length > 0;
}
