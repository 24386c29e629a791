import { createHash } from 'node:crypto';
import { crashingOnMissing } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

/** Failures in a row after which a variant's health is told. */
const FAILURES = 5;
const HELD = /ended the process \(SIGFPE\) 2 times in a row; one run may try it again in \d+ s\.$/;

let server: TestServer;
let routing: RoutingClient;
beforeAll(async () => {
  server = await startTestServer({ ONNX_WORKERS: '2' });
  routing = new RoutingClient(server);
  await new RegistryClient(server).version('fragile', crashingOnMissing());
  await routing.deploy('fragile', [{ name: 'only', ref: 'fragile@1.0.0', weight: 1 }]);
});
afterAll(() => server.stop());

const ask = (value: unknown) =>
  predict(server, {
    endpoint: 'fragile',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [value] }],
  });

/** A question that the model can answer, at the doors that have a header for when to come back. */
const post = (path: string, body: object) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const DOORS: readonly [string, string, object][] = [
  [
    'Open Inference',
    '/v2/models/fragile/infer',
    { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }] },
  ],
  ['TensorFlow Serving', '/v1/models/fragile:predict', { instances: [[1]] }],
];

test('a question that ends its workers fails alone, however often; a second one in a row holds the model back', async () => {
  const message = 'The run was tried 2 times. The worker ended (SIGFPE).';
  for (let round = 0; round < 3; round++) {
    expect(await ask(1)).toMatchObject({ __typename: 'PredictSuccess' });
    expect(await ask('NaN')).toMatchObject({ message, retryable: true, retryableAfterMs: null });
  }
  await ask('NaN');
  expect(await ask(1)).toMatchObject({ message: expect.stringMatching(HELD), retryable: false });
});

test('GraphQL says when to come back, too, beside the sentence that says it', async () => {
  const { message, retryableAfterMs } = await ask(1);
  const told = Number(/in (\d+) s/.exec(message ?? '')?.[1]);
  expect(Math.ceil((retryableAfterMs ?? NaN) / 1_000)).toBe(told);
});

test.each(DOORS)('%s says when to come back', async (_, path, body) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(503);
  const told = Number(/in (\d+) s/.exec(await answer.text())?.[1]);
  expect(Number(answer.headers.get('retry-after'))).toBe(Math.max(1, told));
});

test('who looks at the workers sees which of them hold it back, and why', async () => {
  const { workerLoad } = await server.data<{ workerLoad: { workers: object[] } }>(
    '{ workerLoad { workers { heldBack { sha256 reason } } } }',
  );
  const sha256 = createHash('sha256').update(crashingOnMissing()).digest('hex');
  const heldBack = [{ sha256, reason: expect.stringMatching(HELD) as string }];
  expect(workerLoad.workers).toEqual([{ heldBack }, { heldBack }]);
});

test('what is told of its health counts down, without another question', async () => {
  const reason = async () => (await routing.endpoint('fragile')).variants[0]?.health?.reason;
  for (let count = 0; count < FAILURES; count++) await ask(1);
  const first = await reason();
  expect(first).toMatch(HELD);
  await until(async () => (await reason()) !== first);
  expect(await reason()).toMatch(HELD);
});
