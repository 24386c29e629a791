import type { Signature, TensorSpec } from '../operations/asked-model';
import type { Row, Tensor } from './tensors';

/** Sizes that may vary, but for the number of rows. */
const OPEN_SIZE = 1;
const WORDS = ['red', 'green', 'blue', 'yes', 'no', 'unknown'];
/** Decimals, as tables have them. */
const DECIMALS = 1e4;
/** Small enough for every integer type. */
const LARGEST_INTEGER = 100;

/** Rows by the model's columns: random, but the same in every run. */
export function sampleRows({ columns }: Signature, count: number, random: () => number): readonly Row[] {
  return Array.from({ length: count }, () =>
    Object.fromEntries(columns.map(({ name, datatype }) => [name, sampleValue(datatype, random)])),
  );
}

/** Tensors of the declared shapes. */
export function sampleTensors(
  { inputs, batchable }: Signature,
  rows: number,
  random: () => number,
): readonly Tensor[] {
  return inputs.map(({ name, datatype, shape: declared }: TensorSpec) => {
    const shape = declared.map((size, axis) => {
      if (batchable && axis === 0) return rows;
      return Number(size) === -1 ? OPEN_SIZE : Number(size);
    });
    const count = shape.reduce((product, size) => product * size, 1);
    return {
      ...{ name, datatype, shape },
      data: Array.from({ length: count }, () => sampleValue(datatype, random)),
    };
  });
}

function sampleValue(datatype: string, random: () => number): unknown {
  if (datatype === 'BYTES') return WORDS[Math.floor(random() * WORDS.length)];
  if (datatype === 'BOOL') return random() < 0.5;
  if (datatype === 'BF16' || datatype.startsWith('FP')) return Math.round(random() * DECIMALS) / DECIMALS;
  return Math.floor(random() * LARGEST_INTEGER);
}

/** The same numbers from 0 to 1 in every run (Numerical Recipes' linear congruential generator). */
export function seededRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
