import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Classifier, probabilitiesOf } from './classifier';
import { likeliest } from './metrics';
import { type Measurements, NUMBER_COLUMNS, TEXT_COLUMNS } from './table';

/** Single precision inside ONNX against double precision in the trainer leaves about 1e-7. */
export const LARGEST_DIFFERENCE = 1e-5;

interface Answers {
  readonly labels: readonly string[];
  readonly probabilities: readonly (readonly number[])[];
}

/** How far an ONNX file is from the classifier that it was written from. */
export interface Agreement {
  readonly rows: number;
  readonly largestDifference: number;
  readonly labelsDiffering: number;
}

/** Runs the file on rows and compares every probability and every label with the trainer's. */
export async function compareWithTrainer(
  onnx: Uint8Array,
  classifier: Classifier,
  rows: readonly Measurements[],
): Promise<Agreement> {
  const actual = await runOnnx(onnx, rows);
  const expected = rows.map((row) => probabilitiesOf(classifier, row));
  const differences = expected.flatMap((probabilities, i) =>
    probabilities.map((probability, k) => Math.abs(probability - (actual.probabilities[i]?.[k] ?? NaN))),
  );
  const differing = expected.filter(
    (probabilities, i) => classifier.labels[likeliest(probabilities)] !== actual.labels[i],
  );
  return {
    rows: rows.length,
    largestDifference: Math.max(...differences),
    labelsDiffering: differing.length,
  };
}

async function runOnnx(onnx: Uint8Array, rows: readonly Measurements[]): Promise<Answers> {
  const session = await InferenceSession.create(onnx);
  try {
    const { label, probabilities } = await session.run(columnsOf(rows));
    if (!label || !probabilities)
      throw new Error('The ONNX file lacks the output `label` or `probabilities`.');
    const flat = Array.from(probabilities.data as Float32Array);
    const width = probabilities.dims[1] ?? 0;
    return {
      labels: label.data as string[],
      probabilities: rows.map((_, i) => flat.slice(i * width, (i + 1) * width)),
    };
  } finally {
    await session.release();
  }
}

/** One tensor for each raw column, `[rows, 1]`. */
function columnsOf(rows: readonly Measurements[]): Record<string, Tensor> {
  const shape = [rows.length, 1];
  const texts = TEXT_COLUMNS.map((column) => {
    const values = rows.map((row) => row[column]);
    return [column, new Tensor('string', values, shape)] as const;
  });
  const numbers = NUMBER_COLUMNS.map((column) => {
    const values = Float32Array.from(rows, (row) => row[column]);
    return [column, new Tensor('float32', values, shape)] as const;
  });
  return Object.fromEntries<Tensor>([...texts, ...numbers]);
}
