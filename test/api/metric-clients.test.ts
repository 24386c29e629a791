import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let mlflow: MlflowClient;
beforeAll(async () => {
  server = await startTestServer();
  mlflow = new MlflowClient(server);
});
afterAll(() => server.stop());

const CLIENTS = 64;
const STEPS = 6;
/** So many that calls wait in a tail, where they come alone. */
const KEYS = Array.from({ length: 24 }, (_, index) => `k${index}`);

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
}

test('64 clients on one experiment: wide and narrow calls, tags, searches; none is refused, each point is there once', async () => {
  const experimentId = await mlflow.experiment('crowd');
  const newRun = async () => (await mlflow.run(experimentId)).info.run_id;
  const shared = await newRun();
  const statuses: number[] = [];
  const call = async (method: string, path: string, fields: object) => {
    const { status, body } = await mlflow.call(method, path, fields);
    statuses.push(status);
    return body;
  };
  const client = async (number: number) => {
    const run_id = await newRun();
    for (let step = 0; step < STEPS; step += 1) {
      const points = (value: number) => KEYS.map((key) => ({ key, value, step, timestamp: step }));
      const tags = step % 3 === number % 3 ? [{ key: `t${step}`, value: 'x' }] : [];
      await call('POST', 'runs/log-batch', { run_id, metrics: points(number * STEPS + step), tags });
      await call('POST', 'runs/log-metric', {
        run_id,
        key: 'k0',
        value: -number,
        step: 100 + step,
        timestamp: step,
      });
      const ofShared = KEYS.map((key) => ({
        key,
        value: number,
        step: number * STEPS + step,
        timestamp: step,
      }));
      await call('POST', 'runs/log-batch', { run_id: shared, metrics: ofShared });
      if (step === number % STEPS) {
        // Whoever looks for what was acknowledged to him finds it.
        const filter = `metrics.k1 = ${number * STEPS + step}`;
        const { runs } = await call('POST', 'runs/search', { experiment_ids: [experimentId], filter });
        const ids = (runs as readonly { info: { run_id: string } }[]).map(({ info }) => info.run_id);
        expect(ids).toContain(run_id);
      }
    }
    return run_id;
  };
  const runIds = await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  expect(new Set(statuses)).toEqual(new Set([200]));
  const { data } = await mlflow.read(shared);
  const last = { step: CLIENTS * STEPS - 1, value: CLIENTS - 1 };
  expect(data.metrics).toEqual(
    KEYS.toSorted().map((key): unknown => expect.objectContaining({ key, ...last })),
  );
  const history = async (run_id: string, metric_key: string) =>
    (await mlflow.must<{ metrics: readonly Metric[] }>('GET', 'metrics/get-history', { run_id, metric_key }))
      .metrics;
  for (const key of ['k0', 'k23']) {
    const steps = (await history(shared, key)).map(({ step }) => step).sort((a, b) => a - b);
    expect(steps).toEqual(Array.from({ length: CLIENTS * STEPS }, (_, step) => step));
  }
  for (const [number, run_id] of [...runIds.entries()].filter((_, index) => index % 16 === 0)) {
    expect(await history(run_id, 'k0')).toHaveLength(2 * STEPS);
    expect((await history(run_id, 'k5')).map(({ value }) => value)).toEqual(
      Array.from({ length: STEPS }, (_, step) => number * STEPS + step),
    );
  }
});
