import { loopOnDemand } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** Rounds that take a worker a second, on a busy machine many, and rounds that it never ends. */
const A_WHILE = 1_000_000;
const FOR_EVER = 2 ** 50;

let server: TestServer;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer({ ONNX_WORKERS: '1', DRAIN_TIMEOUT_MS: '100' });
  registry = new RegistryClient(server);
  await registry.version('loop', loopOnDemand());
  await registry.version('double', scaled(2));
});
afterAll(() => server.stop());

const loop = (trips: number, timeoutMs: number) => {
  const inputs = [{ name: 'trips', datatype: 'INT64', shape: [1], data: [trips] }];
  return predict(server, { ref: 'loop@1.0.0', inputs, timeoutMs });
};

const double = (rows: number) => {
  const base64 = Buffer.from(new Float32Array(rows * 2).fill(1.5).buffer).toString('base64');
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [rows, 2], base64 }];
  return predict(server, { ref: 'double@1.0.0', inputs });
};

const TOO_LATE = {
  __typename: 'UnavailableError',
  message: 'The deadline passed before the model answered.',
  retryable: true,
};

test('a table larger than a shared batch is answered, up to the most rows of one request', async () => {
  expect(await double(65_536)).toMatchObject({ __typename: 'PredictSuccess', batchSize: 65_536 });
  expect(await double(65_537)).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [
      { path: 'inputs', expected: 'at most 65536 rows in one request: ask in parts', actual: '65537 rows' },
    ],
  });
});

test('a caller is told at its deadline, while the run goes on; the worker then answers the next', async () => {
  await loop(1, 60_000); // loaded: what waits for that until its deadline is never run
  expect(await loop(A_WHILE, 200)).toMatchObject(TOO_LATE);
  const next = await loop(3, 60_000);
  expect(next).toMatchObject({ outputs: [{ data: [3] }] });
  expect(next.timing.queueMs).toBeGreaterThan(1); // it waited for the end of the first
});

test('a model is registered while the only worker is in a run that does not end', async () => {
  expect(await loop(FOR_EVER, 1_000)).toMatchObject(TOO_LATE); // time enough to get to the worker
  const { version } = await registry.register('registered', scaled(3), {
    columns: [{ input: 'x', names: ['a', 'b'] }],
  });
  expect(version.signature.columns).toEqual([
    { name: 'a', datatype: 'FP32', nullable: false },
    { name: 'b', datatype: 'FP32', nullable: false },
  ]);
  expect(await loop(1, 100)).toMatchObject(TOO_LATE); // the worker was, and is, busy
});
