import { childrenOf } from '../support/child-processes';
import { identity } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** 160 kB each: large enough for memory that later questions have again. */
const SHAPE = [1, 40_000];
const ELEMENTS = 40_000;
const CALLERS = 40;

let server: TestServer;
let doors: OpenInferenceClient;
beforeAll(async () => {
  server = await startTestServer();
  doors = new OpenInferenceClient(server);
  await new RegistryClient(server).version('echo', identity('FP32', ['N', 40_000]));
  const variants = [
    { name: 'live', ref: 'echo@1.0.0', weight: 1 },
    { name: 'copy', ref: 'echo@1.0.0', shadow: true },
  ];
  await deployEndpoint(server, 'echo', variants.slice(0, 1));
  await deployEndpoint(server, 'shadowed', variants);
});
afterAll(() => server.stop());

/** Values that no other question has. */
function valuesOf(question: number): Buffer {
  const values = Float32Array.from({ length: ELEMENTS }, (_, at) => question * 100_000 + at);
  return Buffer.from(values.buffer);
}

const tensor = (question: number) => ({
  name: 'x',
  datatype: 'FP32',
  shape: SHAPE,
  base64: valuesOf(question).toString('base64'),
});

type Outcome = 'right' | 'wrong' | 'refused';
const outcomeOf = (answer: Buffer, question: number): Outcome =>
  answer.equals(valuesOf(question)) ? 'right' : 'wrong';

async function askGraphql(endpoint: string, question: number): Promise<Outcome> {
  const input = { endpoint, inputs: [tensor(question)], outputEncoding: 'BASE64' };
  const { __typename, outputs } = await predict(server, input);
  if (__typename === 'UnavailableError') return 'refused';
  return outcomeOf(Buffer.from(outputs[0]?.base64 ?? '', 'base64'), question);
}

async function askOpenInference(endpoint: string, question: number): Promise<Outcome> {
  const bytes = valuesOf(question);
  const input = { name: 'x', datatype: 'FP32', shape: SHAPE, parameters: { binary_data_size: bytes.length } };
  const head = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  const answer = await doors.post(`/models/${endpoint}/infer`, Buffer.concat([head, bytes]), {
    'inference-header-content-length': String(head.length),
  });
  return answer.status === 503 ? 'refused' : outcomeOf(answer.bytes, question);
}

/** All at once, by both doors. */
const askAll = (endpoint: string, round: number): Promise<readonly Outcome[]> =>
  Promise.all(
    Array.from({ length: CALLERS }, (_, at) =>
      (at % 2 ? askGraphql : askOpenInference)(endpoint, round * CALLERS + at),
    ),
  );
const ALL_RIGHT = Array.from({ length: CALLERS }, () => 'right');

test.each(['echo', 'shadowed'])(
  'of many large questions to “%s” at once, again and again, each gets its own answer',
  async (endpoint) => {
    for (let round = 0; round < 2; round += 1) expect(await askAll(endpoint, round)).toEqual(ALL_RIGHT);
  },
);

test('a worker that is killed with large questions on their way leaves no answer to anybody else', async () => {
  for (let round = 0; round < 3; round += 1) {
    const asked = [askAll('echo', round), askAll('echo', round + 3)];
    await askOpenInference('echo', 999); // some have arrived by then
    for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
    expect((await Promise.all(asked)).flat()).not.toContain('wrong');
    while ((await askGraphql('echo', 7)) === 'refused');
    expect(await askAll('echo', round)).toEqual(ALL_RIGHT);
  }
});

test('a large tensor can be asked several times in one call, also where one of the times fails', async () => {
  const query = `mutation ($inputs: [Tensor!]!) {
    one: predict(input: { endpoint: "echo", inputs: $inputs, outputEncoding: BASE64 }) { ...Asked }
    none: predict(input: { endpoint: "nobody", inputs: $inputs }) { ...Asked }
    two: predict(input: { endpoint: "echo", inputs: $inputs, outputEncoding: BASE64 }) { ...Asked }
  }
  fragment Asked on PredictResult { __typename ... on PredictSuccess { outputs } }`;
  for (const question of [7, 8]) {
    const answer = await server.data<Record<string, { __typename: string; outputs?: { base64: string }[] }>>(
      query,
      { inputs: [tensor(question)] },
    );
    const base64 = valuesOf(question).toString('base64');
    const seen = Object.values(answer).map(({ __typename, outputs }) => [
      __typename,
      outputs?.[0]?.base64 === base64,
    ]);
    expect(seen).toEqual([
      ['PredictSuccess', true],
      ['NotFoundError', false],
      ['PredictSuccess', true],
    ]);
  }
});
