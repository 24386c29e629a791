import { ARRAY_OF, type Datatype } from '../../src/kernel/tensors/tensor';
import { fromHalfBits } from '../../src/serving/values/value-parser';
import { GrpcClient } from '../support/grpc-client';
import {
  caseBytes,
  isSameValue,
  onnxNodeCases,
  type CaseTensor,
  type OnnxNodeCase,
} from '../support/onnx-node-cases';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const CASES = onnxNodeCases();
interface Answered {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: readonly unknown[];
}

let server: TestServer;
let v2: OpenInferenceClient;
let grpc: GrpcClient;
const refusals = new Map<string, string>();
/** What was wrong, by the way that it was asked. */
const wrong = new Map<string, string[]>();
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  grpc = new GrpcClient(server.grpcAddress, server.key);
  const registry = new RegistryClient(server);
  for (const one of CASES) {
    const { __typename, message } = await registry.register(one.name, one.model);
    if (__typename !== 'RegisterModelVersionSuccess') refusals.set(one.name, String(message));
    // Each at once: a worker does not hold all of them, and would load each again for every way.
    else await Promise.all(Object.keys(WAYS).map((way) => askIn(way, one)));
  }
}, 600_000);
afterAll(async () => {
  grpc.close();
  await server.stop();
});

async function askIn(way: string, { name, sets }: OnnxNodeCase): Promise<void> {
  const found = wrong.get(way) ?? [];
  wrong.set(way, found);
  for (const { inputs, outputs } of sets) {
    const problem = await WAYS[way]?.(name, inputs).then(
      (answer) => difference(answer, outputs),
      (error: Error) => error.message,
    );
    if (problem !== null) found.push(`${name}: ${problem}`);
  }
}

test('every model is registered', () => {
  expect(CASES.length).toBeGreaterThan(300);
  expect(Object.fromEntries(refusals)).toEqual({});
});

const WAYS: Readonly<
  Record<string, (model: string, inputs: readonly CaseTensor[]) => Promise<readonly Answered[]>>
> = {
  'V2 JSON': async (model, inputs) => {
    const { json } = await v2.infer(`${model}@1`, { inputs });
    if (!json.outputs) throw new Error(json.error);
    return json.outputs.map(({ data, ...output }) => ({ ...output, values: data ?? [] }));
  },
  'V2 binary': async (model, inputs) => {
    const bytes = inputs.map(caseBytes);
    const described = inputs.map(({ name, datatype, shape }, index) => ({
      ...{ name, datatype, shape, parameters: { binary_data_size: bytes[index]?.length } },
    }));
    const parameters = { binary_data_output: true };
    const answer = await v2.inferBinary(`${model}@1`, { parameters, inputs: described }, ...bytes);
    if (!answer.json.outputs) throw new Error(answer.json.error);
    let at = 0;
    return answer.json.outputs.map((output) => {
      const part = answer.bytes.subarray(at, (at += Number(output.parameters?.binary_data_size)));
      return { ...output, values: valuesOf(output.datatype as Datatype, part) };
    });
  },
  gRPC: async (model, inputs) => {
    const { outputs, rawOutputContents } = await grpc.infer({
      modelName: `${model}@1`,
      inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(BigInt) })),
      rawInputContents: inputs.map(caseBytes),
    });
    return outputs.map(({ name, datatype, shape }, index) => ({
      ...{ name, datatype, shape: shape.map(Number) },
      values: valuesOf(datatype as Datatype, Buffer.from(rawOutputContents[index] ?? [])),
    }));
  },
  GraphQL: async (model, inputs) => {
    const answer = await predict(server, { ref: `${model}@1`, inputs });
    if (answer.__typename !== 'PredictSuccess') throw new Error(String(answer.message));
    return (answer.outputs as unknown as (Answered & { readonly data: readonly unknown[] })[]).map(
      ({ data, ...output }) => ({ ...output, values: data }),
    );
  },
};

test.each(Object.keys(WAYS))('%s: every model answers what ONNX Runtime answers', (way) => {
  expect(wrong.get(way)).toEqual([]);
});

/** Null where the answer is the expected one. */
function difference(answer: readonly Answered[], expected: readonly CaseTensor[]): string | null {
  if (answer.length !== expected.length) return `${answer.length} outputs instead of ${expected.length}`;
  for (const [index, wanted] of expected.entries()) {
    const output = answer[index];
    const kind = (tensor: CaseTensor | Answered | undefined) =>
      `${tensor?.name} ${tensor?.datatype} [${String(tensor?.shape)}]`;
    if (kind(output) !== kind(wanted)) return `${kind(output)} instead of ${kind(wanted)}`;
    const { values = [] } = output ?? {};
    const at = wanted.data.findIndex((value, place) => !isSameValue(wanted.datatype, values[place], value));
    if (at !== -1 || values.length !== wanted.data.length)
      return `${wanted.name}[${at}] is ${String(values[at])} instead of ${String(wanted.data[at])}`;
  }
  return null;
}

function valuesOf(datatype: Datatype, bytes: Buffer): readonly unknown[] {
  if (datatype === 'BYTES') return textsOf(bytes);
  const values = [
    ...new ARRAY_OF[datatype](
      new Uint8Array(bytes).buffer,
      0,
      bytes.length / ARRAY_OF[datatype].BYTES_PER_ELEMENT,
    ),
  ];
  if (datatype === 'BOOL') return values.map(Boolean);
  return datatype === 'FP16' ? values.map((bits) => fromHalfBits(Number(bits))) : values;
}

function textsOf(bytes: Buffer): readonly string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    texts.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}
