import { createHash } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type GraphProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type TypeProtoSchema,
  type ValueInfoProtoSchema,
} from '../../src/kernel/generated/onnx_pb';
import { DATATYPES, type Datatype } from '../../src/kernel/tensors/tensor';
import { seededRandom } from './seeded-random';

/** Small ONNX models, made in code: what they compute can be read here, and nothing binary is committed. */

export type Dim = number | string;
type Node = MessageInitShape<typeof NodeProtoSchema>;
type Graph = MessageInitShape<typeof GraphProtoSchema>;
type Type = MessageInitShape<typeof TypeProtoSchema>;
type Initializer = MessageInitShape<typeof TensorProtoSchema>;
type Value = MessageInitShape<typeof ValueInfoProtoSchema>;

export const ONNX_TYPE: Readonly<Record<Datatype, TensorProto_DataType>> = {
  BOOL: TensorProto_DataType.BOOL,
  UINT8: TensorProto_DataType.UINT8,
  UINT16: TensorProto_DataType.UINT16,
  UINT32: TensorProto_DataType.UINT32,
  UINT64: TensorProto_DataType.UINT64,
  INT8: TensorProto_DataType.INT8,
  INT16: TensorProto_DataType.INT16,
  INT32: TensorProto_DataType.INT32,
  INT64: TensorProto_DataType.INT64,
  FP16: TensorProto_DataType.FLOAT16,
  BF16: TensorProto_DataType.BFLOAT16,
  FP32: TensorProto_DataType.FLOAT,
  FP64: TensorProto_DataType.DOUBLE,
  BYTES: TensorProto_DataType.STRING,
};

/** Those that models run in here; BF16 is a remote's. */
export const ONNX_DATATYPES = DATATYPES.filter(
  (datatype): datatype is Exclude<Datatype, 'BF16'> => datatype !== 'BF16',
);

/** A dense tensor type; a text dimension is open, and -1 is a size that the file leaves out. */
export function tensorType(elemType: TensorProto_DataType, dims: readonly Dim[]): Type {
  const dim = dims.map((size) => {
    if (typeof size === 'string') return { value: { case: 'dimParam' as const, value: size } };
    return size < 0 ? {} : { value: { case: 'dimValue' as const, value: BigInt(size) } };
  });
  return { value: { case: 'tensorType', value: { elemType, shape: { dim } } } };
}

export const value = (name: string, datatype: Datatype, dims: readonly Dim[]): Value => ({
  name,
  type: tensorType(ONNX_TYPE[datatype], dims),
});

export const floats = (name: string, dims: readonly number[], data: readonly number[]): Initializer => ({
  name,
  dataType: TensorProto_DataType.FLOAT,
  dims: dims.map(BigInt),
  floatData: [...data],
});

export const int64s = (name: string, dims: readonly number[], data: readonly bigint[]): Initializer => ({
  name,
  dataType: TensorProto_DataType.INT64,
  dims: dims.map(BigInt),
  int64Data: [...data],
});

/** The bytes of a model with this graph, for opset 17. */
export function model(graph: Graph): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: 'modelgraph tests',
      opsetImport: [{ domain: '', version: 17n }],
      graph: { name: 'graph', ...graph },
    }),
  );
}

/** A model of one node. */
export function oneNode(
  node: Node,
  input: readonly Value[],
  output: readonly Value[],
  initializer: readonly Initializer[] = [],
): Uint8Array {
  return model({ node: [node], input: [...input], output: [...output], initializer: [...initializer] });
}

/** Weight of `affine` from input i to output j: all different, and exact in single precision. */
export const affineWeight = (i: number, j: number): number => ((i * 7 + j * 3) % 16) / 8 - 1;
export const affineBias = (j: number): number => j / 4;

/** y[N, outputs] = x[N, inputs] · W + b. */
export function affine(inputs = 30, outputs = 3): Uint8Array {
  const weights = Array.from({ length: inputs * outputs }, (_, at) =>
    affineWeight(Math.floor(at / outputs), at % outputs),
  );
  return oneNode(
    { opType: 'Gemm', input: ['x', 'w', 'b'], output: ['y'] },
    [value('x', 'FP32', ['N', inputs])],
    [value('y', 'FP32', ['N', outputs])],
    [
      floats('w', [inputs, outputs], weights),
      floats(
        'b',
        [outputs],
        Array.from({ length: outputs }, (_, j) => affineBias(j)),
      ),
    ],
  );
}

/** What `affine` answers to one row. */
export function affineAnswer(row: ArrayLike<number>, outputs = 3): number[] {
  return Array.from({ length: outputs }, (_, j) => {
    let sum = affineBias(j);
    for (let i = 0; i < row.length; i++) sum += (row[i] ?? NaN) * affineWeight(i, j);
    return sum;
  });
}

/**
 * y[N, last] = a perceptron of these widths with ReLU in between; weights that look random, and keep sizes as they are.
 */
export function mlp(widths: readonly number[]): Uint8Array {
  const random = seededRandom(1);
  const weights = (inputs: number, outputs: number) =>
    Array.from({ length: inputs * outputs }, () => ((2 * random() - 1) * 2.5) / Math.sqrt(inputs));
  const layers = widths.slice(1).map((outputs, layer) => ({ inputs: widths[layer] ?? 0, outputs, layer }));
  const last = layers.length - 1;
  return model({
    node: layers.flatMap(({ layer }): Node[] => [
      {
        opType: 'MatMul',
        input: [layer === 0 ? 'x' : `h${layer - 1}`, `w${layer}`],
        output: [layer === last ? 'y' : `z${layer}`],
      },
      ...(layer === last ? [] : [{ opType: 'Relu', input: [`z${layer}`], output: [`h${layer}`] }]),
    ]),
    input: [value('x', 'FP32', ['N', widths[0] ?? 0])],
    output: [value('y', 'FP32', ['N', widths[widths.length - 1] ?? 0])],
    initializer: layers.map(({ inputs, outputs, layer }) =>
      floats(`w${layer}`, [inputs, outputs], weights(inputs, outputs)),
    ),
  });
}

/** y = x for any datatype and shape. */
export function identity(datatype: Datatype, dims: readonly Dim[] = ['N', 2]): Uint8Array {
  return oneNode(
    { opType: 'Identity', input: ['x'], output: ['y'] },
    [value('x', datatype, dims)],
    [value('y', datatype, dims)],
  );
}

/** y = x minus the mean over all rows: declares a batch axis, but rows are not independent. */
export function centred(): Uint8Array {
  return model({
    node: [
      {
        opType: 'ReduceMean',
        input: ['x'],
        output: ['m'],
        attribute: [{ name: 'axes', type: AttributeProto_AttributeType.INTS, ints: [0n] }],
      },
      { opType: 'Sub', input: ['x', 'm'], output: ['y'] },
    ],
    input: [value('x', 'FP32', ['N', 2])],
    output: [value('y', 'FP32', ['N', 2])],
  });
}

/** `same` is x, `kind` the text beside it: two outputs of two datatypes. */
export const pair = (): Uint8Array =>
  model({
    node: [
      { opType: 'Identity', input: ['x'], output: ['same'] },
      { opType: 'Identity', input: ['text'], output: ['kind'] },
    ],
    input: [value('x', 'FP64', ['N', 2]), value('text', 'BYTES', ['N', 1])],
    output: [value('same', 'FP64', ['N', 2]), value('kind', 'BYTES', ['N', 1])],
  });

/** y[N, 1] = table[i[N, 1]]: refuses an index of `size` or more when it runs. */
export function lookup(size = 8): Uint8Array {
  return oneNode(
    { opType: 'Gather', input: ['table', 'i'], output: ['y'] },
    [value('i', 'INT64', ['N', 1])],
    [value('y', 'FP32', ['N', 1])],
    [
      floats(
        'table',
        [size],
        Array.from({ length: size }, (_, at) => at * 10),
      ),
    ],
  );
}

/**
 * y[N, 1] = table[i[N, 1]], where the table takes so many bytes: a model that is mostly memory. Equal seeds, equal
 * bytes.
 */
export function heavy(bytes: number, seed = 0): Uint8Array {
  const table = new Float32Array(Math.floor(bytes / 4)).map((_, at) => (at + seed) % 1_000);
  return oneNode(
    { opType: 'Gather', input: ['table', 'i'], output: ['y'] },
    [value('i', 'INT64', ['N', 1])],
    [value('y', 'FP32', ['N', 1])],
    [
      {
        name: 'table',
        dataType: TensorProto_DataType.FLOAT,
        dims: [BigInt(table.length)],
        rawData: new Uint8Array(table.buffer),
      },
    ],
  );
}

/** One round of a loop that never stops by itself: adds `one` to its sum. */
const COUNTING: Graph = {
  name: 'body',
  node: [
    { opType: 'Identity', input: ['going'], output: ['goes_on'] },
    { opType: 'Add', input: ['sum', 'one'], output: ['next'] },
  ],
  input: [value('round', 'INT64', []), value('going', 'BOOL', []), value('sum', 'FP32', [1])],
  output: [value('goes_on', 'BOOL', []), value('next', 'FP32', [1])],
};

const countingLoop = (start: string): Node => ({
  opType: 'Loop',
  input: ['trips', 'true', start],
  output: ['y'],
  attribute: [{ name: 'body', type: AttributeProto_AttributeType.GRAPH, g: COUNTING }],
});

const LOOP_CONSTANTS: readonly Initializer[] = [
  { name: 'true', dataType: TensorProto_DataType.BOOL, dims: [], int32Data: [1] },
  floats('one', [1], [1]),
];

/** Counts up from x for `trips` rounds: with the default it never ends, and nothing but a kill stops it. */
export function endlessLoop(trips = 2n ** 63n - 1n): Uint8Array {
  return model({
    node: [countingLoop('x')],
    input: [value('x', 'FP32', [1])],
    output: [value('y', 'FP32', [1])],
    initializer: [int64s('trips', [], [trips]), ...LOOP_CONSTANTS],
  });
}

/** y = trips, by counting: takes as long as the caller asks for, about a second a million. */
export function loopOnDemand(): Uint8Array {
  return model({
    node: [countingLoop('zero')],
    input: [value('trips', 'INT64', [1])],
    output: [value('y', 'FP32', [1])],
    initializer: [floats('zero', [1], [0]), ...LOOP_CONSTANTS],
  });
}

const wholeNumber = (name: string, value: number): Initializer => ({
  name,
  dataType: TensorProto_DataType.INT32,
  dims: [1n],
  int32Data: [value],
});
const LOWEST_INT32 = -(2 ** 31);

/** y = -2^31 / x in whole numbers: divided by -1 it overflows, which ends the process (SIGFPE). */
export function overflowingDivision(): Uint8Array {
  return oneNode(
    { opType: 'Div', input: ['lowest', 'x'], output: ['y'] },
    [value('x', 'INT32', ['N', 1])],
    [value('y', 'INT32', ['N', 1])],
    [wholeNumber('lowest', LOWEST_INT32)],
  );
}

/** Makes the same division with any input: it ends every process that loads or runs it. */
export function crashing(): Uint8Array {
  return model({
    node: [
      { opType: 'Div', input: ['lowest', 'minus_one'], output: ['overflow'] },
      { opType: 'Add', input: ['x', 'overflow'], output: ['y'] },
    ],
    input: [value('x', 'INT32', ['N', 1])],
    output: [value('y', 'INT32', ['N', 1])],
    initializer: [wholeNumber('lowest', LOWEST_INT32), wholeNumber('minus_one', -1)],
  });
}

const castTo = (input: string, output: string, to: TensorProto_DataType): Node => ({
  opType: 'Cast',
  input: [input],
  output: [output],
  attribute: [{ name: 'to', type: AttributeProto_AttributeType.INT, i: BigInt(to) }],
});

/** y = -x, by a division of whole numbers that NaN makes overflow, which ends the process (SIGFPE). */
export function crashingOnMissing(): Uint8Array {
  return model({
    node: [
      castTo('x', 'whole', TensorProto_DataType.INT32),
      { opType: 'Div', input: ['whole', 'minus_one'], output: ['negative'] },
      castTo('negative', 'y', TensorProto_DataType.FLOAT),
    ],
    input: [value('x', 'FP32', ['N', 1])],
    output: [value('y', 'FP32', ['N', 1])],
    initializer: [wholeNumber('minus_one', -1)],
  });
}

/** y = x and one more, by counting, which never ends where x is NaN. */
export function endlessOnMissing(): Uint8Array {
  return model({
    node: [
      { opType: 'IsNaN', input: ['x'], output: ['gone'] },
      { opType: 'Where', input: ['gone', 'endless', 'once'], output: ['trips'] },
      countingLoop('x'),
    ],
    input: [value('x', 'FP32', [1])],
    output: [value('y', 'FP32', [1])],
    initializer: [int64s('endless', [1], [2n ** 63n - 1n]), int64s('once', [1], [1n]), ...LOOP_CONSTANTS],
  });
}

/** LayerNormalization whose absent bias is written as "", a spelling that ONNX allows. */
export function layerNormWithEmptyBias(): Uint8Array {
  return oneNode(
    { opType: 'LayerNormalization', input: ['x', 'scale', ''], output: ['y'] },
    [value('x', 'FP32', ['N', 4])],
    [value('y', 'FP32', ['N', 4])],
    [floats('scale', [4], [1, 1, 1, 1])],
  );
}

/** A sequence of tensors; with `maps`, the sequence of maps that ZipMap gives. */
export function sequenceOutput({ maps = false } = {}): Uint8Array {
  const tensor = tensorType(TensorProto_DataType.FLOAT, ['N', 2]);
  const map: Type = {
    value: {
      case: 'mapType',
      value: { keyType: TensorProto_DataType.INT64, valueType: tensorType(TensorProto_DataType.FLOAT, []) },
    },
  };
  return oneNode(
    { opType: 'SequenceConstruct', input: ['x'], output: ['y'] },
    [value('x', 'FP32', ['N', 2])],
    [{ name: 'y', type: { value: { case: 'sequenceType', value: { elemType: maps ? map : tensor } } } }],
  );
}

/** y = x + w, where w's values are said to be in another file. */
export function externalData(location: string): Uint8Array {
  return oneNode(
    { opType: 'Add', input: ['x', 'w'], output: ['y'] },
    [value('x', 'FP32', [2])],
    [value('y', 'FP32', [2])],
    [
      {
        name: 'w',
        dataType: TensorProto_DataType.FLOAT,
        dims: [2n],
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [{ key: 'location', value: location }],
      },
    ],
  );
}

/** Puts a model at `<folder>/<sha256>`, whole or not at all, and says where it is, as the artifact store would. */
export function modelFile(folder: string, bytes: Uint8Array): { sha256: string; path: string } {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(folder, sha256);
  if (!existsSync(path)) {
    writeFileSync(`${path}.part`, bytes);
    renameSync(`${path}.part`, path);
  }
  return { sha256, path };
}
