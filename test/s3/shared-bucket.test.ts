import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { S3Server, sha256Of } from '../support/s3-server';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { bucketStore } from '../support/test-store';

/** Whoever waits for more than a probe waits longer: a request is given 30 s. */
const SOON_MS = 20_000;

let s3: S3Server;
let first: TestServer;
let second: TestServer;
beforeAll(async () => {
  s3 = await S3Server.start();
  first = await startTestServer({}, undefined, (folder) => bucketStore(folder, s3, () => Promise.resolve()));
  second = await first.twin();
});
afterEach(() => (s3.fault = () => null));
afterAll(async () => {
  await second.stop();
  await first.stop();
  await s3.stop();
});

const REGISTER = `mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) {
  __typename ... on RegisterDatasetVersionSuccess { version { ref rowCount } } ... on UserError { code message }
} }`;
const call = (server: TestServer, sha256: string, init: RequestInit = {}) =>
  fetch(`${server.url}/artifacts/sha256/${sha256}`, {
    ...init,
    headers: { ...server.headers, ...init.headers },
  });
const ready = async (server: TestServer) => {
  const response = await fetch(`${server.url}/readyz`);
  return { code: response.status, ...((await response.json()) as { failing: string[] }) };
};

test('what one server was sent, the other gives, whole and in part', async () => {
  const bytes = Buffer.alloc(9_000_000, 'a line of text, ');
  const sha256 = await first.upload(bytes);
  expect(Buffer.from(await (await call(second, sha256)).arrayBuffer()).equals(bytes)).toBe(true);
  const part = await call(second, sha256, { headers: { range: 'bytes=8999990-' } });
  expect([part.status, await part.text()]).toEqual([206, bytes.subarray(8_999_990).toString()]);
});

test('data that one server was sent, the other reads', async () => {
  const sha256 = await first.upload('a,b\n1,2\n3,4\n');
  const { registerDatasetVersion } = await second.data(REGISTER, {
    input: { dataset: 'shared', artifact: { sha256 } },
  });
  expect(registerDatasetVersion).toMatchObject({ version: { ref: 'shared@1', rowCount: 2 } });
});

const input = (value: number) => [
  { name: 'x', datatype: 'FP32', shape: [1, 30], data: new Array(30).fill(value) },
];

test('a model predicts on both while the bucket is away, and who needs the bucket is told to come back', async () => {
  const registry = new RegistryClient(first);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(first, 'scores', [{ ref: 'affine', weight: 1 }]);
  const asked = { endpoint: 'scores', inputs: input(1) };
  const answers = async (server: TestServer) =>
    (await predict(server, asked)).__typename === 'PredictSuccess';
  while (!(await answers(second))) await new Promise(setImmediate);
  const sha256 = await first.upload('there before');
  expect(await ready(first)).toMatchObject({ code: 200 });

  s3.fault = () => 'lost';
  expect(await ready(first)).toMatchObject({ code: 503, failing: ['artifacts'] });
  for (const server of [first, second]) expect(await answers(server)).toBe(true);
  const body = Buffer.from('new');
  for (const answer of [
    await call(first, sha256),
    await call(first, sha256Of(body), { method: 'PUT', body }),
  ]) {
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE' });
  }
  const large = Buffer.alloc(20_000_000, 'x');
  const put = await call(first, sha256Of(large), { method: 'PUT', body: large });
  expect(put.status).toBe(503);
  const input1 = { dataset: 'later', artifact: { sha256 } };
  const { errors } = await first.graphql(REGISTER, { input: input1 });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryable: true });

  s3.fault = () => null;
  expect(await ready(first)).toMatchObject({ code: 200 });
  expect((await call(first, sha256)).status).toBe(200);
  expect((await call(first, sha256Of(large), { method: 'PUT', body: large })).status).toBe(201);
});

test('a bucket that says nothing makes a server unready within the time of a probe, and ready soon after it answers', async () => {
  s3.fault = () => 'hang';
  const askedAt = performance.now();
  expect(await ready(second)).toMatchObject({ code: 503, failing: ['artifacts'] });
  expect(performance.now() - askedAt).toBeLessThan(SOON_MS);
  s3.fault = () => null;
  while ((await ready(second)).code !== 200) await new Promise(setImmediate);
  expect(performance.now() - askedAt).toBeLessThan(SOON_MS);
});

test('bytes in the bucket that are others than they were are never read as data', async () => {
  const sha256 = await first.upload('a,b\n5,6\n');
  await first.store.spoil(sha256, 'a,b\n7,8\n');
  const { errors } = await first.graphql(REGISTER, { input: { dataset: 'wrong', artifact: { sha256 } } });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
});

test('a restart finds the models, and predicts as before', async () => {
  await first.restart();
  const asked = { endpoint: 'scores', inputs: input(2) };
  const answer = await predict(first, asked);
  expect(answer.outputs?.[0]?.data).toEqual(affineAnswer(new Array(30).fill(2)));
  expect((await readdir(join(first.config.bucket?.cacheFolder ?? ''))).length).toBeGreaterThan(0);
});
