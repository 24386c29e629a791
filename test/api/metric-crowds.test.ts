import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

const WRITERS = 12;
const CALLS = 25;
const POINTS_PER_CALL = 5;

/** Points of one writer's call: in one series that all writers share, and in one of its own. */
const pointsOf = (writer: number, call: number) =>
  Array.from({ length: POINTS_PER_CALL }, (_, index) => {
    const step = (call * POINTS_PER_CALL + index) * WRITERS + writer;
    return [
      { key: 'shared', step, value: step },
      { key: `own ${writer}`, step, value: -step },
    ];
  }).flat();

async function write(runIds: readonly string[], writer: number): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const runId = runIds[(writer + call) % runIds.length] as string;
    answers.push((await client.logMetrics({ runId, points: pointsOf(writer, call) })).__typename);
  }
  return answers;
}

test.each([
  ['one run', 1],
  ['several runs of one experiment, each writing to all of them', 4],
])('a dozen writers at %s wait for each other, and every point is there once', async (_, runs) => {
  const runIds = await Promise.all(Array.from({ length: runs }, () => client.newRun()));
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(runIds, writer));
  expect(new Set((await Promise.all(writers)).flat())).toEqual(new Set(['LogSuccess']));
  const read = await Promise.all(runIds.map((runId) => client.history(runId, ['shared'], 10_000)));
  const steps = read.flatMap(([series]) => (series?.steps ?? []).map(Number)).sort((a, b) => a - b);
  expect(steps).toEqual(Array.from({ length: WRITERS * CALLS * POINTS_PER_CALL }, (_, step) => step));
  const facts = await Promise.all(runIds.map((runId) => client.facts(runId)));
  const counts = facts.flat() as readonly { readonly count: number }[];
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(2 * steps.length);
});
