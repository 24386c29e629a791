import { doubleFromJson } from '../../kernel/tensors/double';
import { isFloating, type BytesElement, type Datatype } from '../../kernel/tensors/tensor';

/** A JSON value as an element of a tensor, or null where it cannot be one exactly. */
export type ValueParser = (value: unknown) => number | bigint | string | null;

const integer =
  (min: number, max: number): ValueParser =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : null;

/** Numbers up to 2^53, digits beyond. */
const bigInteger =
  (min: bigint, max: bigint): ValueParser =>
  (value) => {
    const isExact = Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
    if (!isExact) return null;
    const parsed = BigInt(value as number | string);
    return parsed >= min && parsed <= max ? parsed : null;
  };

/** From here on, 2^128 − 2^103, the nearest of FP32 would be an infinity, which nobody has meant. */
const FP32_OVERFLOW = 2 ** 128 - 2 ** 103;

const single: ValueParser = (value) => {
  const double = doubleFromJson(value);
  return double === null || Math.abs(double) < FP32_OVERFLOW || !Number.isFinite(double) ? double : null;
};

/** @param infinity the bits of the positive one */
const sixteenBits =
  (bitsOf: (double: number) => number, infinity: number): ValueParser =>
  (value) => {
    const double = doubleFromJson(value);
    if (double === null) return null;
    const bits = bitsOf(double);
    return (bits & 0x7fff) === infinity && Number.isFinite(double) ? null : bits;
  };

/** The largest numbers; doubles have no larger ones. */
const LARGEST: Readonly<Partial<Record<Datatype, string>>> = {
  FP16: '65504',
  BF16: '3.3895e38',
  FP32: '3.4028e38',
};

const PARSERS: Readonly<Record<Datatype, ValueParser>> = {
  BOOL: (value) => (typeof value === 'boolean' ? Number(value) : null),
  UINT8: integer(0, 2 ** 8 - 1),
  UINT16: integer(0, 2 ** 16 - 1),
  UINT32: integer(0, 2 ** 32 - 1),
  UINT64: bigInteger(0n, 2n ** 64n - 1n),
  INT8: integer(-(2 ** 7), 2 ** 7 - 1),
  INT16: integer(-(2 ** 15), 2 ** 15 - 1),
  INT32: integer(-(2 ** 31), 2 ** 31 - 1),
  INT64: bigInteger(-(2n ** 63n), 2n ** 63n - 1n),
  FP16: sixteenBits(toHalfBits, 0x7c00),
  BF16: sixteenBits(toBrainBits, 0x7f80),
  FP32: single,
  FP64: doubleFromJson,
  BYTES: (value) => (typeof value === 'string' && value.isWellFormed() ? value : null),
};

export const parserOf = (datatype: Datatype): ValueParser => PARSERS[datatype];

/** Of BYTES for those who take other bytes than texts, too. */
export const anyBytesParser = (value: unknown): BytesElement | null =>
  typeof value === 'string' && value.isWellFormed() ? value : value instanceof Uint8Array ? value : null;

/** What a person is told to send in place of that value. */
export function describeExpected(datatype: Datatype, value: unknown): string {
  if (datatype === 'BYTES') return value instanceof Uint8Array ? 'text in UTF-8' : 'a text';
  if (datatype === 'BOOL') return 'true or false';
  if (!isFloating(datatype)) {
    const is64Bits = datatype === 'INT64' || datatype === 'UINT64';
    const how =
      is64Bits && hasLostDigits(value) ? ', beyond 2^53 as a text: JSON numbers lose digits there' : '';
    return `a whole number (${datatype})${how}`;
  }
  const largest = typeof value === 'number' ? LARGEST[datatype] : undefined;
  return `a number (${datatype}${largest ? `: at most ${largest}, or the text "Infinity"` : ''})`;
}

const hasLostDigits = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);

/** What a person is told they sent. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (value instanceof Uint8Array) return 'other bytes';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const isNumber = typeof value === 'number'; // JSON writes null for one like 1e400, which is read as infinity
  const text = typeof value === 'object' ? 'an object' : isNumber ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

/**
 * The bits of the single that is left of a double, with its last one set where something was left out. Rounded again to
 * 16 bits it gives what the double itself would: the nearest single may be a tie that the double is not.
 */
function singleBits(value: number): number {
  float32[0] = value;
  const nearest = float32[0] ?? 0;
  const bits = float32Bits[0] ?? 0;
  if (nearest === value || Number.isNaN(value)) return bits;
  return (Math.abs(nearest) > Math.abs(value) ? bits - 1 : bits) | 1;
}

/** The nearest IEEE half, ties to even, as its 16 bits. */
export function toHalfBits(value: number): number {
  const bits = singleBits(value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const mantissa = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00 | (exponent === 143 && mantissa !== 0 ? 0x200 : 0);
  if (exponent < -10) return sign;
  const full = exponent > 0 ? mantissa : mantissa | 0x800000;
  const shift = exponent > 0 ? 13 : 14 - exponent;
  const kept = exponent > 0 ? (exponent << 10) | (full >>> 13) : full >>> shift;
  const rest = full & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

/** The number that 16 bits of an IEEE half stand for. */
export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** The nearest bfloat16, ties to even, as its 16 bits: the upper half of a single. */
export function toBrainBits(value: number): number {
  const bits = singleBits(value);
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40; // its upper half alone might be an infinity
  const isOdd = (bits >>> 16) & 1;
  return ((bits + 0x7fff + isOdd) >>> 16) & 0xffff;
}

/** The number that 16 bits of a bfloat16 stand for. */
export function fromBrainBits(bits: number): number {
  float32Bits[0] = bits << 16;
  return float32[0] ?? NaN;
}

/** The number that an element of a tensor stands for. */
export function numberOf(datatype: Datatype, element: number): number {
  if (datatype === 'FP16') return fromHalfBits(element);
  return datatype === 'BF16' ? fromBrainBits(element) : element;
}
