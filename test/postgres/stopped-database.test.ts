import { MetricWriter, POINTS_PER_CALL, stepsOf } from '../support/metric-writer';
import { affine, affineAnswer } from '../support/onnx-models';
import { OwnPostgres, postgresPrograms } from '../support/own-postgres';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

const ROW = Array.from({ length: 30 }, (_, index) => index / 8);
const QUESTION = { endpoint: 'scores', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: ROW }] };
/** Whoever waits for the database waits longer: 5 s for a connection, and as long for a statement. */
const NOT_STUCK_MS = 4_000;
const READ = '{ models { nodes { name aliases { name version { ref } } } } }';
const EVERYTHING_ELSE = [
  READ,
  '{ runs { nodes { id metrics { key last } } } }',
  'mutation { createExperiment(input: { name: "x" }) { __typename } }',
  'mutation { startRun(input: { experiment: "x" }) { __typename } }',
  'mutation { promoteModelVersion(input: { ref: "affine@1.0.0", alias: "other" }) { __typename } }',
];
/** Of each: together more than the pool has connections, so that some wait for one. */
const CALLS_OF_EACH = 3;
/** Longest wait for a refusal: for a connection and then for a statement, with a margin. */
const REFUSED_WITHIN_MS = 15_000;
/** Longest time for a server to stop: what takes longer, `main` ends by force. */
const STOPPED_WITHIN_MS = 15_000;

const programs = postgresPrograms();
if (!programs)
  console.warn('NOT TESTED HERE: a PostgreSQL stopped by SIGSTOP. There are no programs to start one.');
const testWithPostgres = programs ? test : test.skip;
const where = programs ? '' : ' (NOT RUN: no initdb and postgres in PATH or /usr/lib/postgresql)';

let postgres: OwnPostgres;
let server: TestServer;
beforeAll(async () => {
  if (!programs) return;
  postgres = await OwnPostgres.start(programs);
  server = await startTestServer({}, () => Promise.resolve(postgres.url));
  const registry = new RegistryClient(server);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'affine', weight: 1 }]);
});
afterAll(async () => {
  if (!programs) return;
  postgres.thaw();
  await server.stop();
  await postgres.stop();
});

testWithPostgres(
  `while PostgreSQL is stopped by SIGSTOP, what is deployed predicts, all else is refused in time, and nothing is lost${where}`,
  async () => {
    const twin = await server.twin();
    const before = (await server.data(READ)).models;
    const runId = await new TrackingClient(server).newRun();
    const writer = new MetricWriter(server, runId);
    await writer.reached(3 * POINTS_PER_CALL);
    postgres.freeze(); // in the middle of a call

    const refusals = Array.from({ length: CALLS_OF_EACH }, () => EVERYTHING_ELSE.map(timed)).flat();
    for (let call = 0; call < 20; call += 1) {
      const startedAt = performance.now();
      const answer = await predict(server, QUESTION);
      expect(answer.outputs[0]?.data).toEqual(affineAnswer(ROW));
      expect(performance.now() - startedAt).toBeLessThan(NOT_STUCK_MS);
    }
    for (const { errors, ms } of await Promise.all(refusals)) {
      expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', retryable: true } }]);
      expect(ms).toBeLessThan(REFUSED_WITHIN_MS);
    }
    await expect(server.upload('while it is stopped')).rejects.toThrow('503');
    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: 'not ready', failing: ['database'] });
    // Who only routes predictions leaves out what they do without.
    const otherwise = await fetch(`${server.url}/readyz?exclude=database&exclude=artifacts`);
    expect(otherwise.status).toBe(200);
    expect(await otherwise.json()).toEqual({ status: 'ready', failing: ['database'] });
    // Predictions still answer after the first refusals, when known credentials and routes have grown old.
    expect(await predict(server, QUESTION)).toMatchObject({ __typename: 'PredictSuccess' });
    // A server that is told to stop now does not wait for goodbyes.
    const stoppedAt = performance.now();
    await twin.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(STOPPED_WITHIN_MS);

    const acknowledged = await writer.ended;
    postgres.thaw();
    while ((await server.graphql(READ)).errors);
    expect((await server.data(READ)).models).toEqual(before);
    const steps = await stepsOf(server, runId);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps.length % POINTS_PER_CALL).toBe(0); // all points of a call or none
    expect(steps.length).toBeGreaterThanOrEqual(acknowledged);
    for (const operation of EVERYTHING_ELSE) expect((await timed(operation)).errors).toBeUndefined();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  },
);

async function timed(operation: string) {
  const startedAt = performance.now();
  const { errors } = await server.graphql(operation);
  return { errors, ms: performance.now() - startedAt };
}
