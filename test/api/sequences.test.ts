import { EchoRemote } from '../support/echo-remote';
import { floatBytes, floatsIn, GrpcClient, type InferRequest } from '../support/grpc-client';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { remoteModel } from '../support/remote-model';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** Answers the sum of what each sequence has sent so far, and keeps what it was asked. */
class Adder extends EchoRemote {
  readonly asked: { readonly id: unknown; readonly values: readonly number[] }[] = [];
  private readonly sums = new Map<unknown, number[]>();

  constructor() {
    super('FP32');
    this.answerTo = (bytes, { sequence_id: id, sequence_start, sequence_end }) => {
      const values = floatsIn(bytes);
      this.asked.push({ id, values });
      if (id === undefined) return bytes;
      const before = sequence_start === true ? [0, 0] : this.sums.get(id);
      if (!before) return null; // as Triton, it begins with nothing but a start
      const sums = before.map((sum, at) => sum + (values[at] ?? NaN));
      this.sums.set(id, sums);
      if (sequence_end === true) this.sums.delete(id);
      return Buffer.from(floatBytes(sums));
    };
  }

  /** What the questions of a sequence were, in their order. */
  askedOf(id: unknown): readonly (readonly number[])[] {
    return this.asked.filter((one) => one.id === id).map(({ values }) => values);
  }
}

/** Answers what is no text. */
const pictures = new EchoRemote('BYTES');
pictures.width = 1;
const adders = { one: new Adder(), other: new Adder(), shadow: new Adder() };
let server: TestServer;
let v2: OpenInferenceClient;
let grpc: GrpcClient;
beforeAll(async () => {
  await Promise.all([...Object.values(adders), pictures].map((remote) => remote.start()));
  server = await startTestServer({
    REMOTE_BACKENDS: [...Object.values(adders), pictures].map(({ url }) => url).join(','),
  });
  const registry = new RegistryClient(server);
  for (const [name, { url }] of Object.entries({ ...adders, pictures }))
    await registry.version(name, Buffer.from(remoteModel({ backend: 'open-inference', url, model: 'x' })));
  await registry.promote(await registry.version('stateless', scaled(2)), 'production');
  await deployEndpoint(
    server,
    'sums',
    Object.keys(adders).map((name) => ({
      ...{ name, ref: `${name}@1.0.0` },
      ...(name === 'shadow' ? { shadow: true, weight: 0 } : { weight: 1 }),
    })),
    undefined,
    { cacheTtlMs: 60_000, maxDelayMs: 20, maxBatch: 64 },
  );
  v2 = new OpenInferenceClient(server);
  grpc = new GrpcClient(server.grpcAddress, server.key);
});
afterAll(async () => {
  grpc.close();
  await server.stop();
  await Promise.all([...Object.values(adders), pictures].map((remote) => remote.stop()));
});

const ask = async (model: string, parameters: object, data = [1, 2]) => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data }];
  const { status, json } = await v2.infer(model, { parameters, inputs });
  return { status, values: json.outputs?.[0]?.data, error: json.error, told: json.parameters };
};
const asked = (id: unknown) =>
  Object.values(adders).flatMap((adder) => (adder.askedOf(id).length > 0 ? [adder.askedOf(id)] : []));

test('each question of a sequence reaches one model, alone and in turn, though all are equal', async () => {
  const ids = [...Array.from({ length: 8 }, (_, index) => index + 1), 'a text'];
  const answers = await Promise.all(
    ids.map(async (id) => {
      const sums: unknown[] = [];
      for (const [sequence_start, sequence_end] of [
        [true, false],
        [false, false],
        [false, true],
      ])
        sums.push((await ask('sums', { sequence_id: id, sequence_start, sequence_end })).values);
      return sums;
    }),
  );
  expect(answers).toEqual(
    ids.map(() => [
      [1, 2],
      [2, 4],
      [3, 6],
    ]),
  );
  const alone = [1, 2];
  expect(ids.map(asked)).toEqual(ids.map(() => [[alone, alone, alone]]));
  expect(adders.shadow.asked.filter(({ id }) => id !== undefined)).toEqual([]);
});

const inStream = (sequence: bigint, at: number, start = false): InferRequest => ({
  modelName: 'sums',
  id: String(at),
  parameters: {
    sequence_id: { parameterChoice: { case: 'int64Param', value: sequence } },
    sequence_start: { parameterChoice: { case: 'boolParam', value: start } },
  },
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }],
  rawInputContents: [floatBytes([at, 1])],
});
async function answersOf(requests: readonly InferRequest[]) {
  const stream = grpc.openStream();
  for (const request of requests) stream.ask(request);
  stream.call.end();
  return stream.received(requests.length);
}

test('questions of a stream go in the order in which they were sent', async () => {
  const id = 9_007_199_254_740_993n;
  const answers = await answersOf(Array.from({ length: 10 }, (_, at) => inStream(id, at, at === 0)));
  expect(answers.map(({ errorMessage }) => errorMessage).join('')).toBe('');
  expect(answers.map(({ inferResponse }) => inferResponse?.id)).toEqual([...'0123456789']);
  expect(floatsIn(answers.at(-1)?.inferResponse?.rawOutputContents[0])).toEqual([45, 10]);
});

test('after one that fails the rest of its sequence is refused in its stream, until it begins anew', async () => {
  const answers = await answersOf([
    inStream(77n, 1), // never begun
    inStream(77n, 2),
    inStream(77n, 3, true),
    inStream(77n, 4),
  ]);
  expect(answers.map(({ errorMessage }) => errorMessage).slice(1)).toEqual([
    'parameters.sequence_start: expected true, since an earlier question of the sequence 77 has failed in this ' +
      'stream, got a question that goes on with it.',
    '',
    '',
  ]);
  expect(floatsIn(answers[3]?.inferResponse?.rawOutputContents[0])).toEqual([7, 2]);
  expect(asked(77)).toEqual([
    [
      [1, 1],
      [3, 1],
      [4, 1],
    ],
  ]);
});

test('the time that a question gives itself runs while it waits for its turn', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  for (const adder of Object.values(adders)) adder.beforeAnswer = () => held;
  const stream = grpc.openStream();
  const time = { parameterChoice: { case: 'int64Param', value: 1_000n } } as const;
  const second = inStream(78n, 2);
  stream.ask(inStream(78n, 1, true));
  stream.ask({ ...second, parameters: { ...second.parameters, timeout: time } });
  stream.ask({ ...second, modelName: 'stateless', parameters: {} });
  await stream.received(1); // those before it are there, too
  const over = performance.now() + 2;
  while (performance.now() < over) await new Promise((resolve) => setImmediate(resolve));
  release();
  for (const adder of Object.values(adders)) adder.beforeAnswer = () => Promise.resolve();
  stream.call.end();
  const answers = await stream.received(3);
  const late = 'The deadline passed before the model answered.';
  expect(answers.map(({ errorMessage }) => errorMessage)).toEqual(['', '', late]);
  expect(asked(78)).toEqual([[[1, 1]]]); // its model was spared a question that nobody waits for
});

test.each([
  ['JSON cannot say', undefined],
  ['has no classes', { classification: 1 }],
])('an answer that %s is refused with what has become of its sequence', async (_, parameters) => {
  const body = {
    parameters: { sequence_id: 5, sequence_start: true },
    inputs: [{ name: 'x', datatype: 'BYTES', shape: [1, 1], parameters: { binary_data_size: 5 } }],
    outputs: [{ name: 'y', parameters }],
  };
  const moved =
    'The model has taken the question, so that its sequence has moved on: do not ask it again, begin the sequence anew.';
  const bytes = Uint8Array.of(1, 0, 0, 0, 0xff);
  const { json } = await v2.inferBinary('pictures@1.0.0', body, bytes);
  expect(json.error).toMatch(new RegExp(`^outputs\\[y\\].*\\. ${moved}$`));
  const alone = await v2.inferBinary('pictures@1.0.0', { ...body, parameters: {} }, bytes);
  expect(alone.json.error).toBe(json.error?.replace(` ${moved}`, ''));
});

test('a sequence stays where it has begun, and is refused where nobody knows it any more', async () => {
  const variants = (weight: number) => [
    { name: 'one', ref: 'one@1.0.0', weight: 1 - weight },
    { name: 'other', ref: 'other@1.0.0', weight },
  ];
  const ids = Array.from({ length: 6 }, (_, at) => `moved ${at}`);
  const goOn = (more: object) =>
    Promise.all(ids.map((sequence_id) => ask('moved', { sequence_id, ...more })));
  const of = (what: object) => ids.map(() => expect.objectContaining(what));
  await deployEndpoint(server, 'moved', variants(0));
  expect(await goOn({ sequence_start: true })).toEqual(of({ values: [1, 2] }));
  await deployEndpoint(server, 'moved', variants(1), 1);
  expect(await goOn({})).toEqual(of({ values: [2, 4] }));
  await deployEndpoint(server, 'moved', variants(1).slice(1), 2);
  const error =
    /^parameters\.sequence_start: expected true, since the version that the sequence moved \d has begun at answers behind the endpoint “moved” no more,/;
  expect(await goOn({})).toEqual(of({ status: 400, error: expect.stringMatching(error) as string }));
  expect(await goOn({ sequence_start: true })).toEqual(of({ values: [1, 2] }));
  expect(await goOn({ sequence_end: true })).toEqual(of({ values: [2, 4] }));
});

test('a question that fails is not asked again: the model may have taken it', async () => {
  expect(await ask('sums', { sequence_id: 'never begun' })).toMatchObject({ status: 503 });
  expect(asked('never begun')).toEqual([[[1, 2]]]);
});

test.each([[0], ['']])('a sequence %p is none, for every model', async (sequence_id) => {
  const parameters = { sequence_id, sequence_start: true, sequence_end: false, routing_key: 'one variant' };
  expect(await ask('stateless', parameters)).toMatchObject({ status: 200, values: [2, 4] });
  expect(await ask('sums', parameters, [7, 7])).toMatchObject({ status: 200, values: [7, 7] });
  expect((await ask('sums', parameters, [7, 7])).told).toMatchObject({ cached: true });
});

test('a model that remembers nothing refuses a sequence, by each door in the same words', async () => {
  const { status, error } = await ask('stateless', { sequence_id: 7, sequence_start: true });
  expect({ status, error }).toEqual({
    status: 400,
    error:
      'parameters.sequence_id: expected 0 or none, since “stateless@1.0.0” answers each request by itself, got 7.',
  });
  await expect(
    grpc.infer({
      modelName: 'stateless',
      parameters: { sequence_id: { parameterChoice: { case: 'int64Param', value: 7n } } },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }],
      rawInputContents: [floatBytes([1, 2])],
    }),
  ).rejects.toMatchObject({ details: error });
});
