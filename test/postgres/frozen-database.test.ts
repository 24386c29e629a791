import { affine, affineAnswer } from '../support/onnx-models';
import { FreezableProxy } from '../support/freezable-proxy';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const ROW = Array.from({ length: 30 }, (_, index) => index / 8);
const QUESTION = { endpoint: 'scores', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: ROW }] };
/** Whoever waits for the database waits longer: 5 s for a connection, and as long for a statement. */
const NOT_STUCK_MS = 4_000;

let proxy: FreezableProxy;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({}, async (url) => {
    proxy = await FreezableProxy.to(url.hostname, Number(url.port || 5432));
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    return url;
  });
  const registry = new RegistryClient(server);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'affine', weight: 1 }]);
});
afterAll(async () => {
  proxy.thaw();
  await server.stop();
  proxy.close();
});

test('while PostgreSQL is frozen, what is deployed predicts and everything else says UNAVAILABLE', async () => {
  expect(await predict(server, QUESTION)).toMatchObject({ __typename: 'PredictSuccess' });
  proxy.freeze();
  const reads = server.graphql('{ models { nodes { name } } }');
  const writes = server.graphql('mutation { createExperiment(input: { name: "x" }) { __typename } }');
  for (let call = 0; call < 20; call += 1) {
    const startedAt = performance.now();
    const answer = await predict(server, QUESTION);
    expect(answer.outputs[0]?.data).toEqual(affineAnswer(ROW));
    expect(performance.now() - startedAt).toBeLessThan(NOT_STUCK_MS);
  }
  for (const { errors } of [await reads, await writes]) {
    expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', retryable: true } }]);
  }
  const ready = await fetch(`${server.url}/readyz`);
  expect(await ready.json()).toEqual({ status: 'not ready', failing: ['database'] });
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  // Predictions still answer after the first refusals, when known credentials and routes have grown old.
  expect(await predict(server, QUESTION)).toMatchObject({ __typename: 'PredictSuccess' });
  proxy.thaw();
  for (let isBack = false; !isBack;)
    isBack = (await server.graphql('{ models { nodes { name } } }')).errors === undefined;
  // No connection came back inside the transaction that was cut off: what is acknowledged now is seen by everybody.
  const sha256s = await Promise.all(
    Array.from({ length: 20 }, (_, index) => server.upload(`after ${index}`)),
  );
  const twin = await server.twin();
  for (const sha256 of sha256s) {
    const response = await fetch(`${twin.url}/artifacts/sha256/${sha256}`, {
      method: 'HEAD',
      headers: twin.headers,
    });
    expect(response.status).toBe(200);
  }
  await twin.stop();
});
