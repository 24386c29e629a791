import {
  ARRAY_OF,
  elementCount,
  type Datatype,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from '../../kernel/tensors/tensor';

/** A kind of made-up values. Models differ in what they accept, so one that is refused is followed by the next. */
export interface Pattern {
  /** Size given to every open dimension but the first. */
  readonly size: number;
  /** Smallest and number of different whole numbers. Zero is not among the first: dividing by it may trap. */
  readonly lowest: number;
  readonly span: number;
}

/** Sizes that sequence, tabular and image models take; small whole numbers are valid indices nearly everywhere. */
export const PATTERNS: readonly Pattern[] = [
  { size: 4, lowest: 1, span: 3 },
  { size: 1, lowest: 0, span: 2 },
  { size: 32, lowest: 0, span: 2 },
  { size: 224, lowest: 0, span: 2 },
];

/** Most elements of a made-up input, so that a careless declaration costs no memory: 64 MiB of FP32. */
const MAX_SYNTHETIC_ELEMENTS = 1 << 24;

/**
 * Made-up inputs: the same values for the same arguments, different in every row.
 *
 * @param rows size of an open first dimension
 */
export function syntheticInputs(
  inputs: readonly TensorSpec[],
  rows: number,
  pattern: Pattern,
  seed: number,
): readonly Tensor[] {
  const random = generator(seed);
  return inputs.map(({ name, datatype, shape }) => {
    const concrete = shape.map((dimension, axis) =>
      dimension >= 0 ? dimension : axis === 0 ? rows : pattern.size,
    );
    const count = elementCount(concrete);
    if (count > MAX_SYNTHETIC_ELEMENTS)
      throw new RangeError(`Input '${name}' of shape [${concrete.join(', ')}] is too large to be tried.`);
    return { name, datatype, shape: concrete, data: values(datatype, count, pattern, random) };
  });
}

function values(datatype: Datatype, count: number, pattern: Pattern, random: () => number): TensorData {
  const whole = (): number => pattern.lowest + Math.floor(random() * pattern.span);
  switch (datatype) {
    case 'BYTES':
      return Array.from({ length: count }, () => 'abc'.charAt(Math.floor(random() * 3)));
    case 'FP32':
    case 'FP64':
      return filled(new ARRAY_OF[datatype](count), () => random() * 2 - 1);
    case 'FP16':
      // Half precision in [1, 2): the exponent of 1 and ten random bits.
      return new Uint16Array(count).map(() => 0x3c00 | Math.floor(random() * 1024));
    case 'BF16':
      // The same: the exponent of 1 and seven random bits.
      return new Uint16Array(count).map(() => 0x3f80 | Math.floor(random() * 128));
    case 'BOOL':
      return new Uint8Array(count).map(() => (random() < 0.5 ? 0 : 1));
    case 'INT64':
      return new BigInt64Array(count).map(() => BigInt(whole()));
    case 'UINT64':
      return new BigUint64Array(count).map(() => BigInt(whole()));
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return filled(new ARRAY_OF[datatype](count), whole);
  }
}

function filled<T extends TensorData>(array: T, next: () => number): T {
  for (let index = 0; index < array.length; index++) (array as unknown as Float64Array)[index] = next();
  return array;
}

/** A small linear congruential generator (Numerical Recipes' constants): values in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
