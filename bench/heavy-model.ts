import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from '../src/kernel/generated/onnx_pb';
import { constant, matrix, numbersBetween } from './model';

/** The same wide layer, many times: a batch of 32 rows takes 5 to 20 ms on one core, and the file is small. */
export const HEAVY_WIDTH = 512;
const LAYERS = 80;
const ANSWERS = 4;
export const HEAVY_INPUT = 'x';

/** Rows of one request, and requests that differ. */
export const BATCH_ROWS = 32;
const BATCHES = 4;

/** Single against double precision, after so many layers; answers of two rows differ by far more. */
export const HEAVY_TOLERANCE = 1e-3;

const random = numbersBetween(-1, 1, 3);
/** Such that what comes out of a layer is as large as what goes in. */
const GAIN = Math.sqrt(6 / HEAVY_WIDTH);
const layer = Float32Array.from({ length: HEAVY_WIDTH ** 2 }, () => random() * GAIN);
const last = Float32Array.from({ length: HEAVY_WIDTH * ANSWERS }, () => random() * GAIN);

/** The questions: `BATCH_ROWS` rows each, row-major. */
export const batches: readonly Float32Array[] = Array.from({ length: BATCHES }, () =>
  Float32Array.from({ length: BATCH_ROWS * HEAVY_WIDTH }, () => random()),
);

/** Row `row` of a batch. */
export const heavyRow = (batch: Float32Array, row: number): Float32Array =>
  batch.subarray(row * HEAVY_WIDTH, (row + 1) * HEAVY_WIDTH);

/** What the model must answer to rows, worked out here: four numbers for each. */
export function expectedNumbers(rows: Float32Array): number[] {
  const numbers: number[] = [];
  for (let row = 0; row < rows.length / HEAVY_WIDTH; row += 1) {
    let values: Float64Array = Float64Array.from(heavyRow(rows, row));
    for (let at = 0; at < LAYERS; at += 1)
      values = product(values, layer, HEAVY_WIDTH).map((value) => Math.max(0, value));
    numbers.push(...product(values, last, ANSWERS));
  }
  return numbers;
}

function product(values: Float64Array, weights: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] ?? NaN;
    for (let column = 0; column < width; column += 1)
      sums[column] = (sums[column] ?? NaN) + value * (weights[row * width + column] ?? NaN);
  }
  return sums;
}

/** The ONNX file: input `x` [N, 512], output `y` [N, 4]. Always the same bytes. */
export function heavyModelFile(): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'modelgraph-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'heavy',
      input: [matrix(HEAVY_INPUT, HEAVY_WIDTH)],
      output: [matrix('y', ANSWERS)],
      node: [
        ...Array.from({ length: LAYERS }, (_, at) => [
          {
            opType: 'MatMul',
            input: [at === 0 ? HEAVY_INPUT : `a${at - 1}`, 'layer'],
            output: [`s${at}`],
          },
          { opType: 'Relu', input: [`s${at}`], output: [`a${at}`] },
        ]).flat(),
        { opType: 'MatMul', input: [`a${LAYERS - 1}`, 'last'], output: ['y'] },
      ],
      initializer: [
        constant('layer', [HEAVY_WIDTH, HEAVY_WIDTH], layer),
        constant('last', [HEAVY_WIDTH, ANSWERS], last),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
