import { ServerProcess } from '../support/server-process';

/** Kills in one test: each costs a start of the server, a second or two. */
const ROUNDS = 3;
const POINTS_PER_CALL = 50;

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

test('whatever was acknowledged before kill -9 is there after it, once', async () => {
  let server = await ServerProcess.start(folder);
  const start =
    'mutation { startRun(input: { experiment: "killed" }) { ... on StartRunSuccess { run { id } } } }';
  const runId = (await server.data(start)).startRun.run.id as string;
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = write(server, runId, acknowledged);
    await writer.reached(acknowledged + (2 + round) * POINTS_PER_CALL); // in the middle of a call, not between two
    await server.kill();
    acknowledged = await writer.ended;
    server = await ServerProcess.start(folder);
    const steps = await stepsOf(server, runId);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps.length % POINTS_PER_CALL).toBe(0); // all points of a call or none
    expect(steps.length).toBeGreaterThanOrEqual(acknowledged);
    acknowledged = steps.length;
  }
  await server.kill('SIGTERM');
}, 120_000);

/** Logs without pause until the server is gone; knows how many points were acknowledged. */
function write(server: ServerProcess, runId: string, from: number) {
  let acknowledged = from;
  let wake = () => {};
  const ended = (async () => {
    for (;;) {
      const points = Array.from({ length: POINTS_PER_CALL }, (_, index) => ({
        key: 'loss',
        step: acknowledged + index,
        value: 0.5,
      }));
      const query = 'mutation ($input: LogMetricsInput!) { logMetrics(input: $input) { __typename } }';
      try {
        await server.data(query, { input: { runId, points } });
      } catch {
        return acknowledged;
      }
      acknowledged += POINTS_PER_CALL;
      wake();
    }
  })();
  const reached = async (count: number) => {
    while (acknowledged < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { ended, reached };
}

async function stepsOf(server: ServerProcess, runId: string): Promise<number[]> {
  const query = '{ run(id: "RUN") { metricHistory(keys: ["loss"], maxPoints: 10000) { steps } } }'.replace(
    'RUN',
    runId,
  );
  return ((await server.data(query)).run.metricHistory[0]?.steps ?? []) as number[];
}
