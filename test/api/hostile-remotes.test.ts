import { HttpCaller } from '../../src/serving/backends/http-call';
import { OpenInferenceGrpc } from '../../src/serving/backends/open-inference-grpc';
import { ATTACKS, GRPC_ATTACKS, hostileGrpc, HostileRemote } from '../support/hostile-remote';
import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { remoteModel } from '../support/remote-model';
import { predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** Of a prediction, in ms: what the remote drips or withholds is not waited for any longer. */
const TIMEOUT_MS = 1_000;
/** Of one that is to be told what is wrong with its answer, however long that takes a busy machine. */
const PATIENCE_MS = 30_000;
const timeoutFor = (told: RegExp) => (told.source.includes('did not answer') ? TIMEOUT_MS : PATIENCE_MS);
/** What one attack may leave behind, in bytes; the largest of them sends all that it can. */
const MAX_GROWTH = 150 * 1024 * 1024;

let remote: HostileRemote;
let server: TestServer;
beforeAll(async () => {
  remote = await new HostileRemote().start();
  server = await startTestServer({ REMOTE_BACKENDS: remote.url });
  const registry = new RegistryClient(server);
  await registry.promote(await registry.version('affine', affine()), 'production');
});
afterAll(async () => {
  await server.stop();
  await remote.stop();
});

/** Each attack has a model of its own: what one learns of its remote is nothing to another. */
async function register(name: string, timeoutMs = TIMEOUT_MS): Promise<string> {
  remote.attack = undefined;
  const document = { backend: 'open-inference', url: remote.url, model: name, timeoutMs };
  return new RegistryClient(server).version(name, Buffer.from(remoteModel(document)));
}
const ask = (ref: string) =>
  predict(server, { ref, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
const row = Array.from({ length: 30 }, (_, at) => at / 8);
const askLocal = async () => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: row }];
  return (await predict(server, { ref: 'affine', inputs })).outputs[0]?.data;
};

test.each(Object.entries(ATTACKS).map(([what, [attack, told]]) => ({ what, attack, told })))(
  '$what costs its caller one refusal, and nobody else anything',
  async ({ what, attack, told }) => {
    const ref = await register(what.replaceAll(' ', '-'), timeoutFor(told));
    remote.attack = attack;
    const before = process.memoryUsage.rss();
    const startedAt = performance.now();
    const [answer, ...others] = await Promise.all([ask(ref), askLocal(), askLocal()]);
    expect(answer).toMatchObject({
      __typename: 'UnavailableError',
      message: expect.stringMatching(told) as string,
    });
    expect(String(answer.message).length).toBeLessThan(500);
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
    expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH);
    expect(others).toEqual([affineAnswer(row), affineAnswer(row)]);
    remote.attack = undefined;
    expect((await ask(ref)).outputs).toMatchObject([{ name: 'y', data: [2, 4] }]);
  },
);

test('a body without end is cut off at its limit, long before time is up', async () => {
  remote.attack = ATTACKS['a body without end']?.[0];
  const caller = new HttpCaller(new URL(remote.url), null);
  const maxBytes = 3 * 1024 * 1024;
  try {
    const asked = caller.call(
      { method: 'POST', path: '/v2/models/any/infer', maxBytes },
      { timeoutMs: 20_000 },
    );
    await expect(asked).rejects.toMatchObject({
      fault: 'broken',
      message: expect.stringMatching(/larger than 3145728 bytes/) as string,
    });
  } finally {
    caller.close();
    remote.attack = undefined;
  }
});

test('a question that had no answer yet is asked once more, and no other', async () => {
  const ref = await register('patience');
  const asked = async (attack: keyof typeof ATTACKS) => {
    const before = remote.inferences;
    remote.attack = ATTACKS[attack]?.[0];
    await ask(ref);
    remote.attack = undefined;
    await ask(ref); // it is well again: what it has failed before is forgotten
    return remote.inferences - before - 1;
  };
  expect(await asked('a connection that is closed without a word')).toBe(2);
  expect(await asked('a connection that is reset in the middle')).toBe(1);
  expect(await asked('silence')).toBe(1);
  expect(await asked('an error in HTML')).toBe(1);
});

test('a remote that fails again and again is asked no more until it says that it is ready', async () => {
  const ref = await register('tired', PATIENCE_MS);
  remote.attack = ATTACKS['an error in HTML']?.[0];
  remote.isReady = false;
  for (let failure = 0; failure < 3; failure += 1) await ask(ref);
  const before = remote.inferences;
  expect(await ask(ref)).toMatchObject({
    __typename: 'UnavailableError',
    retryable: true,
    message: expect.stringMatching(/asked again once it says that it is ready/) as string,
  });
  expect(remote.inferences).toBe(before);
  remote.attack = undefined;
  remote.isReady = true;
  let answer = await ask(ref);
  while (answer.__typename !== 'PredictSuccess') answer = await ask(ref);
  expect(answer.outputs).toMatchObject([{ data: [2, 4] }]);
});

test.each(Object.entries(GRPC_ATTACKS).map(([what, [attack, told]]) => ({ what, attack, told })))(
  'over gRPC, $what is a refusal with a sentence',
  async ({ attack, told }) => {
    const hostile = await hostileGrpc(attack);
    const client = new OpenInferenceGrpc(hostile.url, { maxMessageBytes: 1024 * 1024 });
    try {
      const x = { name: 'x', datatype: 'FP32' as const, shape: [1], data: Float32Array.of(1) };
      const question = { model: { name: 'm', version: '' }, inputs: [x] };
      const before = process.memoryUsage.rss();
      await expect(client.infer(question, { timeoutMs: timeoutFor(told) })).rejects.toMatchObject({
        name: 'RemoteFailure',
        message: expect.stringMatching(told) as string,
      });
      expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH);
    } finally {
      client.close();
      await hostile.stop();
    }
  },
);
