import { bytesElement } from '../../kernel/tensors/bytes-element';
import { ARRAY_OF, DATATYPES, type Datatype } from '../../kernel/tensors/tensor';
import { fromLittleEndian } from '../../kernel/tensors/tensor-bytes';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import { flatten } from './tensor-json';
import { fromBrainBits, fromHalfBits, numberOf, toBrainBits, toHalfBits } from './value-parser';

/** Before each element of BYTES: its length in bytes. */
const LENGTH_BYTES = 4;
/** Longest text that is decoded, in bytes: what it is compared with has 250 characters at most. */
const MAX_TEXT_BYTES = 1_024;

/**
 * One element of a tensor that nobody has checked yet, read where it lies: nothing else is decoded. A text is itself,
 * numbers and booleans are as JSON writes them, and as short as their datatype lets them be told apart. Bytes that are
 * no text equal none.
 *
 * @param index row-major
 * @returns undefined where there is no such element, or it is no text
 */
export function elementText(
  { datatype, data, bytes, base64 }: TensorInput,
  index: number,
): string | undefined {
  if (data !== undefined)
    return plainText(Array.isArray(data[0]) ? flatten(data, index)[index] : data[index]);
  const known = DATATYPES.find((one) => one === datatype);
  if (known === undefined) return undefined;
  if (known === 'BYTES') return textAt(bufferOf(bytes ?? Buffer.from(base64 ?? '', 'base64')), index);
  const end = (index + 1) * ARRAY_OF[known].BYTES_PER_ELEMENT;
  return numberText(
    known,
    bytes ?? Buffer.from((base64 ?? '').slice(0, Math.ceil(end / 3) * 4), 'base64'),
    end,
  );
}

/** A value as JSON has it; undefined where it is a list, an object or nothing. */
export function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const isPlain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? String(value) : undefined;
}

function textAt(bytes: Buffer, index: number): string | undefined {
  let start = 0;
  for (let at = 0; start + LENGTH_BYTES <= bytes.length; at += 1) {
    const length = bytes.readUInt32LE(start);
    start += LENGTH_BYTES;
    if (at === index) {
      if (length > Math.min(MAX_TEXT_BYTES, bytes.length - start)) return undefined;
      const element = bytesElement(bytes, start, start + length);
      return typeof element === 'string' ? element : undefined;
    }
    start += length;
  }
  return undefined;
}

function numberText(
  datatype: Exclude<Datatype, 'BYTES'>,
  bytes: Uint8Array,
  end: number,
): string | undefined {
  if (end > bytes.length) return undefined;
  const ArrayClass = ARRAY_OF[datatype];
  const size = ArrayClass.BYTES_PER_ELEMENT;
  const copy = new Uint8Array(bytes.subarray(end - size, end)); // elements may lie at any place, and views may not
  const [element] = new ArrayClass(fromLittleEndian(copy, size).buffer, 0, 1);
  if (datatype === 'BOOL') return String(element === 1);
  const round = ROUND[datatype];
  return round ? shortest(numberOf(datatype, Number(element)), round) : String(element);
}

type Round = (value: number) => number;
/** The nearest number of a datatype that has fewer digits than a double. */
const ROUND: Partial<Record<Datatype, Round>> = {
  FP16: (value) => fromHalfBits(toHalfBits(value)),
  BF16: (value) => fromBrainBits(toBrainBits(value)),
  FP32: Math.fround,
};
/** Significant digits that tell any two singles apart. */
const DIGITS = 9;

/** 0.1 of a single, whose double is 0.10000000149011612. */
function shortest(value: number, round: Round): string {
  for (let digits = 1; digits < DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (round(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(DIGITS)));
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
