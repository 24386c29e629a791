import { CachedEndpoint, rowOf } from '../support/cache-client';
import { FreezableProxy } from '../support/freezable-proxy';
import { scrape } from '../support/metrics-client';
import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

const REDIS = new URL(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
/**
 * Far more than is allowed, and less than Redis is given to say something: whether it is 50 ms is shown where the clock
 * is ours.
 */
const NOT_STUCK_MS = 3_000;

let proxy: FreezableProxy;
let first: TestServer;
let second: TestServer;
let here: CachedEndpoint;
let there: CachedEndpoint;
beforeAll(async () => {
  proxy = await FreezableProxy.to(REDIS.hostname, Number(REDIS.port || 6379));
  first = await startTestServer({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  const registry = new RegistryClient(first);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await registry.version('affine', affine(30, 2));
  here = new CachedEndpoint(first, 'scores');
  await here.deploy(['affine@1.0.0']);
  second = await first.twin();
  there = new CachedEndpoint(second, 'scores');
});
afterAll(async () => {
  await second.stop();
  await first.stop();
  proxy.close();
});

let question = 0;
/** Asks one process until it answers with what the other has computed just before. */
async function untilShared(): Promise<void> {
  for (;;) {
    await here.ask((question += 1));
    if ((await there.ask(question)).cached) return;
  }
}

/** New questions, which only a model can answer; each in time. */
async function predictionsGoOn(): Promise<void> {
  for (let call = 0; call < 20; call += 1) {
    const startedAt = performance.now();
    const answer = await here.ask((question += 1));
    expect(performance.now() - startedAt).toBeLessThan(NOT_STUCK_MS);
    expect(answer).toMatchObject({ __typename: 'PredictSuccess', cached: false });
    expect(answer.outputs[0]?.data).toEqual(affineAnswer(rowOf(question)));
  }
}

const isCacheUp = async (server: TestServer) =>
  (await scrape(server)).find(({ name }) => name === 'modelgraph_shared_cache_up')?.value;

test('one process answers with what another has computed', async () => {
  await untilShared();
  const again = await there.ask(question);
  expect(again).toMatchObject({ cached: true, batchSize: 0 });
  expect(again.outputs[0]?.data).toEqual(affineAnswer(rowOf(question)));
  expect(await there.numbers()).toMatchObject({ hits: 2 });
});

test('a new version answers itself, in both', async () => {
  await untilShared();
  const asked = question;
  await here.deploy(['affine@2.0.0']);
  let answer = await there.ask(asked);
  while (answer.version.number === '1.0.0') answer = await there.ask(asked);
  expect(answer).toMatchObject({ cached: false, version: { number: '2.0.0' } });
  await here.deploy(['affine@1.0.0']);
  while ((await there.ask(asked)).version.number === '2.0.0');
});

test('while Redis is frozen predictions go on, and afterwards answers are shared again', async () => {
  await untilShared();
  proxy.freeze();
  await predictionsGoOn();
  expect(await here.ask(question)).toMatchObject({ cached: true }); // its own memory is still there
  proxy.thaw();
  await untilShared();
});

test('a server starts and predicts where no Redis answers', async () => {
  const alone = await startTestServer({ REDIS_URL: 'redis://127.0.0.1:1' });
  const registry = new RegistryClient(alone);
  await registry.promote(await registry.version('affine', affine()), 'production');
  const endpoint = new CachedEndpoint(alone, 'scores');
  await endpoint.deploy(['affine']);
  expect(await endpoint.ask(1)).toMatchObject({ cached: false });
  expect(await endpoint.ask(1)).toMatchObject({ cached: true });
  expect(await isCacheUp(alone)).toBe(0);
  expect(await isCacheUp(first)).toBe(1);
  await alone.stop();
});

test('when Redis is gone predictions go on', async () => {
  await untilShared();
  proxy.close();
  await predictionsGoOn();
});
