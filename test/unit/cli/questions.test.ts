import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { grpcUrlOf } from '../../../src/cli/bench/grpc-address';
import { grpcQuestion } from '../../../src/cli/bench/grpc-question';
import { rowsIn } from '../../../src/cli/asking/rows-file';
import { questionsFor } from '../../../src/cli/bench/questions';
import { tensorBytes } from '../../../src/cli/bench/tensor-bytes';
import { tensorsOf } from '../../../src/cli/asking/tensors';
import { tfServingQuestion } from '../../../src/cli/bench/tf-serving-question';
import { UsageError } from '../../../src/cli/command';
import { ModelInferRequestSchema } from '../../../src/kernel/generated/grpc_service_pb';

const column = (name: string, datatype: string) => ({ name, datatype, nullable: true });
const tensor = (name: string, datatype: string, ...shape: number[]) => ({ name, datatype, shape });
const SIGNATURE = {
  batchable: true,
  columns: [column('island', 'BYTES'), column('beak', 'FP32'), column('mass', 'FP32')],
  inputs: [tensor('island', 'BYTES', -1, 1), tensor('numbers', 'FP32', -1, 2)],
};
const model = (signature: typeof SIGNATURE) => ({
  ...{ name: 'penguins', kind: 'endpoint' as const, cacheTtlMs: 0 },
  version: { ref: 'penguins@1.0.0', signature },
});

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'modelgraph-rows-'))));
afterAll(() => rm(folder, { recursive: true }));
const fileWith = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

test('rows become the tensors that the model takes, with what is missing said as the protocol does', () => {
  const rows = [
    { island: 'Biscoe', beak: 46.1, mass: 4500 },
    { island: null, mass: 1 },
  ];
  expect(tensorsOf(rows, SIGNATURE)).toEqual([
    { ...tensor('island', 'BYTES', 2, 1), data: ['Biscoe', ''] },
    { ...tensor('numbers', 'FP32', 2, 2), data: [46.1, 4500, 'NaN', 1] },
  ]);
});

test('an input without columns is taken whole from the row', () => {
  const signature = { ...SIGNATURE, columns: [], inputs: [tensor('image', 'UINT8', -1, 2, 2)] };
  expect(
    tensorsOf(
      [
        {
          image: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
      signature,
    ),
  ).toEqual([
    // prettier-ignore
    { ...tensor('image', 'UINT8', 1, 2, 2), data: [1, 2, 3, 4] },
  ]);
  expect(() => tensorsOf([{}], signature)).toThrow(UsageError);
});

test('values are written little-endian, and texts with their length', () => {
  const bytes = (datatype: string, ...data: unknown[]) =>
    tensorBytes({ name: 'x', datatype, shape: [data.length], data }).toString('hex');
  expect(bytes('FP32', 1, 'NaN')).toBe('0000803f0000c07f');
  expect(bytes('INT64', -1, '9007199254740993')).toBe('ffffffffffffffff0100000000002000');
  expect(bytes('BOOL', true, false)).toBe('0100');
  expect(bytes('BYTES', 'é', '')).toBe('02000000c3a900000000');
  expect(() => bytes('FP16', 1)).toThrow(UsageError);
  expect(() => bytes('UINT8', 300)).toThrow(UsageError);
});

test('TensorFlow Serving is asked row by row, or tensor by tensor where rows are not separate', () => {
  const tensors = [
    { ...tensor('pair', 'FP32', 2, 2), data: [1, 2, 3, 4] },
    { ...tensor('id', 'INT64', 2), data: [5, 6] },
  ];
  expect(tfServingQuestion(tensors, SIGNATURE)).toEqual({
    instances: [
      { pair: [1, 2], id: 5 },
      { pair: [3, 4], id: 6 },
    ],
  });
  expect(tfServingQuestion(tensors, { ...SIGNATURE, batchable: false })).toEqual({
    inputs: {
      pair: [
        [1, 2],
        [3, 4],
      ],
      id: [5, 6],
    },
  });
});

test('by gRPC a question is what generated code reads', () => {
  const tensors = [
    { ...tensor('island', 'BYTES', 1, 1), data: ['é'] },
    { ...tensor('mass', 'FP32', 1, 2), data: [1, 2] },
  ];
  expect(fromBinary(ModelInferRequestSchema, grpcQuestion('birds@production', tensors))).toMatchObject({
    modelName: 'birds@production',
    inputs: [
      { name: 'island', datatype: 'BYTES', shape: [1n, 1n] },
      { name: 'mass', datatype: 'FP32', shape: [1n, 2n] },
    ],
    rawInputContents: tensors.map((one) => new Uint8Array(tensorBytes(one))),
  });
});

test('gRPC is beside the server’s HTTP, or where it is said to be', () => {
  expect(grpcUrlOf(undefined, 'http://models:4000').href).toBe('grpc://models:4001');
  expect(grpcUrlOf(undefined, 'https://[::1]/models').href).toBe('grpcs://[::1]:4001');
  expect(grpcUrlOf('grpcs://models:443', 'http://models:4000').href).toBe('grpcs://models:443');
  for (const wrong of ['models:4001', 'grpc://models', 'http://models:4001', ''])
    expect(() => grpcUrlOf(wrong, 'http://models:4000')).toThrow(UsageError);
});

test('cells of a CSV file are what the columns say; empty ones are missing, unknown ones are left out', async () => {
  const file = await fileWith('birds.csv', 'island,mass,ranger\n007,3750,Ann\n,,Bob\n');
  expect(await rowsIn(file, SIGNATURE.columns)).toEqual([
    { island: '007', mass: 3750 },
    { island: null, mass: null },
  ]);
});

test.each([
  ['words.csv', 'mass\nheavy\n'],
  ['others.csv', 'colour\nred\n'],
  ['empty.csv', 'mass\n'],
  ['object.json', '{"mass": 1}'],
  ['lists.json', '[[1]]'],
  ['broken.json', '[{'],
])('%s is refused with a sentence', async (name, text) => {
  await expect(rowsIn(await fileWith(name, text), SIGNATURE.columns)).rejects.toThrow(UsageError);
});

test('without a file, questions are made of the signature: all different, and the same in every run', async () => {
  const ask = () => questionsFor(model(SIGNATURE), { door: 'graphql', rowsFile: null, batch: 2 });
  const bodies = (await ask()).map(({ body }) => body.toString());
  expect(new Set(bodies).size).toBe(bodies.length);
  expect((await ask()).map(({ body }) => body.toString())).toEqual(bodies);
  const { variables } = JSON.parse(bodies[0] ?? '') as { variables: { input: { rows: object[] } } };
  expect(variables.input.rows.map((row) => Object.keys(row))).toEqual(
    Array(2).fill(['island', 'beak', 'mass']),
  );
});

test('questions of large tensors are fewer, so that they have room in memory', async () => {
  const large = { ...SIGNATURE, columns: [], inputs: [tensor('image', 'FP32', -1, 3, 256, 256)] };
  const questions = await questionsFor(model(large), { door: 'v2-binary', rowsFile: null, batch: 1 });
  const bytes = questions.reduce((sum, { body }) => sum + body.length, 0);
  expect(questions.length).toBeGreaterThan(1);
  expect(bytes).toBeLessThan(10 * 1024 ** 2);
});
