import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  TensorProto_DataType as DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from '../src/kernel/generated/onnx_pb';

/** A small multilayer perceptron, 30 → 32 → 3 with softmax: about as large as a usual tabular classifier. */
const FEATURES = 30;
const HIDDEN = 32;
const CLASSES = 3;

/** Different questions in turn, so that no answer can be remembered and every caller can check that it got its own. */
const ROWS = 512;

export type Row = Readonly<Record<string, number>>;

export const FEATURE_NAMES: readonly string[] = Array.from({ length: FEATURES }, (_, at) => `f${at}`);
export const INPUT_NAME = 'x';

const random = numbersBetween(-1, 1, 1);
/** Single precision, as the file stores them: the expected answers come from the same numbers. */
const weights = (count: number) => Array.from({ length: count }, () => Math.fround(random()));

const hiddenWeights = weights(FEATURES * HIDDEN);
const hiddenBiases = weights(HIDDEN);
const outputWeights = weights(HIDDEN * CLASSES);
const outputBiases = weights(CLASSES);

/** The questions: 30 numbers each, with four decimals, as they would come out of a table. */
export const rows: readonly Row[] = Array.from({ length: ROWS }, () =>
  Object.fromEntries(FEATURE_NAMES.map((name) => [name, Math.round(random() * 10_000) / 10_000])),
);

/** What the model must answer to each of `rows`, worked out here: probabilities by class. */
export const expectedAnswers: readonly (readonly number[])[] = rows.map((row) => {
  const input = FEATURE_NAMES.map((name) => row[name] ?? NaN);
  const hidden = affine(input, hiddenWeights, hiddenBiases).map((value) => Math.max(0, value));
  const powers = affine(hidden, outputWeights, outputBiases).map(Math.exp);
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
});

/** The ONNX file: input `x` [N, 30], output `probabilities` [N, 3]. Always the same bytes. */
export function modelFile(): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'modelgraph-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'mlp',
      input: [matrix(INPUT_NAME, FEATURES)],
      output: [matrix('probabilities', CLASSES)],
      node: [
        { opType: 'Gemm', input: [INPUT_NAME, 'w1', 'b1'], output: ['hidden'] },
        { opType: 'Relu', input: ['hidden'], output: ['active'] },
        { opType: 'Gemm', input: ['active', 'w2', 'b2'], output: ['logits'] },
        { opType: 'Softmax', input: ['logits'], output: ['probabilities'] },
      ],
      initializer: [
        constant('w1', [FEATURES, HIDDEN], hiddenWeights),
        constant('b1', [HIDDEN], hiddenBiases),
        constant('w2', [HIDDEN, CLASSES], outputWeights),
        constant('b2', [CLASSES], outputBiases),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** A network of these widths with ReLU between: input `x` [N, first], output `y` [N, last]. */
export function mlpFile(widths: readonly number[]): Uint8Array {
  const last = widths.length - 2;
  const layers = widths.slice(1).map((width, at) => ({
    width,
    before: widths[at] ?? 0,
    input: at === 0 ? INPUT_NAME : `a${at - 1}`,
    sum: at === last ? 'y' : `s${at}`,
    at,
  }));
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'modelgraph-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'mlp',
      input: [matrix(INPUT_NAME, widths[0] ?? 0)],
      output: [matrix('y', widths.at(-1) ?? 0)],
      node: layers.flatMap(({ input, sum, at }) => [
        { opType: 'Gemm', input: [input, `w${at}`, `b${at}`], output: [sum] },
        ...(at === last ? [] : [{ opType: 'Relu', input: [sum], output: [`a${at}`] }]),
      ]),
      initializer: layers.flatMap(({ before, width, at }) => [
        constant(
          `w${at}`,
          [before, width],
          weights(before * width).map((value) => value / before),
        ),
        constant(`b${at}`, [width], weights(width)),
      ]),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function affine(
  input: readonly number[],
  matrixValues: readonly number[],
  biases: readonly number[],
): number[] {
  const width = biases.length;
  return biases.map((bias, column) =>
    input.reduce((sum, value, at) => sum + value * (matrixValues[at * width + column] ?? NaN), bias),
  );
}

export const matrix = (name: string, columns: number) => tensorOf(name, ['N', columns]);

/** A size that may vary is named. */
export const tensorOf = (
  name: string,
  shape: readonly (number | string)[],
): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: {
        elemType: DataType.FLOAT,
        shape: {
          dim: shape.map((size) =>
            typeof size === 'string'
              ? { value: { case: 'dimParam', value: size } }
              : { value: { case: 'dimValue', value: BigInt(size) } },
          ),
        },
      },
    },
  },
});

export const constant = (
  name: string,
  shape: readonly number[],
  data: Iterable<number>,
): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dataType: DataType.FLOAT,
  dims: shape.map(BigInt),
  floatData: [...data],
});

/** The same numbers in every process and on every machine (Numerical Recipes' linear congruential generator). */
export function numbersBetween(low: number, high: number, seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  };
}
