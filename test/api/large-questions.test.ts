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

async function askGraphql(endpoint: string, question: number): Promise<void> {
  const input = { endpoint, inputs: [tensor(question)], outputEncoding: 'BASE64' };
  const { outputs } = await predict(server, input);
  expect(Buffer.from(outputs[0]?.base64 ?? '', 'base64').equals(valuesOf(question))).toBe(true);
}

async function askOpenInference(endpoint: string, question: number): Promise<void> {
  const bytes = valuesOf(question);
  const input = { name: 'x', datatype: 'FP32', shape: SHAPE, parameters: { binary_data_size: bytes.length } };
  const head = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  const answer = await doors.post(`/models/${endpoint}/infer`, Buffer.concat([head, bytes]), {
    'inference-header-content-length': String(head.length),
  });
  expect(answer.json.error).toBeUndefined();
  expect(answer.bytes.equals(bytes)).toBe(true);
}

test.each(['echo', 'shadowed'])(
  'of many large questions to “%s” at once, again and again, each gets its own answer',
  async (endpoint) => {
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        Array.from({ length: CALLERS }, (_, at) =>
          (at % 2 ? askGraphql : askOpenInference)(endpoint, round * CALLERS + at),
        ),
      );
    }
  },
);

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
