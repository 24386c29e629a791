import { MetricWriter, POINTS_PER_CALL, stepsOf } from '../support/metric-writer';
import { ServerProcess } from '../support/server-process';
import { TrackingClient } from '../support/tracking-client';

/** Kills in one test: each costs a start of the server, a second or two. */
const ROUNDS = 3;

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

test('whatever was acknowledged before kill -9 is there after it, once', async () => {
  let server = await ServerProcess.start(folder);
  const runId = await new TrackingClient(server).newRun();
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = new MetricWriter(server, runId, acknowledged);
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
});
