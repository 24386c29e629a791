import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ARRAY_OF, type Datatype } from '../../src/kernel/tensors/tensor';
import { tensorBytes } from '../../src/kernel/tensors/tensor-bytes';
import { toHalfBits } from '../../src/serving/values/value-parser';

/** Floats may be the texts “NaN”, “Infinity” and “-Infinity”. */
export interface CaseTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | boolean)[];
}

/** A model, questions to it, and what ONNX Runtime answered. */
export interface OnnxNodeCase {
  readonly name: string;
  readonly model: Buffer;
  readonly sets: readonly {
    readonly inputs: readonly CaseTensor[];
    readonly outputs: readonly CaseTensor[];
  }[];
}

/** The operator tests of the ONNX project: see `test/data/README.md`. */
export function onnxNodeCases(): readonly OnnxNodeCase[] {
  const file = join(__dirname, '../data/onnx-node-cases.jsonl.gz');
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  return lines.map((line) => {
    const { name, model, sets } = JSON.parse(line) as Omit<OnnxNodeCase, 'model'> & {
      readonly model: string;
    };
    return { name, model: Buffer.from(model, 'base64'), sets };
  });
}

/** Little-endian, as protocols send it. */
export function caseBytes({ datatype, data }: CaseTensor): Uint8Array {
  if (datatype === 'BYTES') return tensorBytes(data.map(String));
  const array = new ARRAY_OF[datatype](data.length) as unknown as (number | bigint)[];
  data.forEach((value, at) => {
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[at] = BigInt(value);
    else array[at] = datatype === 'FP16' ? toHalfBits(Number(value)) : Number(value);
  });
  return tensorBytes(array as never);
}

/** Of floats that are computed in another order, relative to the value. */
const TOLERANCE = 1e-4;

/** Whether an answer is the expected one: floats nearly, everything else exactly. */
export function isSameValue(datatype: Datatype, actual: unknown, expected: unknown): boolean {
  if (!datatype.startsWith('FP')) return actual === expected || String(actual) === String(expected);
  const [value, wanted] = [Number(actual), Number(expected)];
  if (!Number.isFinite(wanted)) return Object.is(value, wanted);
  return Math.abs(value - wanted) <= TOLERANCE * Math.abs(wanted) + Number.EPSILON;
}
