import { HALF, halvesOf, HIGH, LOW } from '../../kernel/halves';

/**
 * 64-bit integers in few bytes, exactly. Steps mostly count, and times lie close together, so that a column of a
 * thousand of them, 8,000 bytes as it is, is 17 bytes or some 2,000: what is not written to a log, a page and a copy
 * of it need not be waited for.
 *
 * The first byte says how: the numbers as they are; the first and what is added each time; or the smallest, and how far
 * each lies above it, in as few bytes each as the farthest needs.
 */
export function packColumn(column: BigInt64Array): Uint8Array {
  const numbers = safeNumbers(column);
  if (numbers === null) return packPlain(column);
  return packProgression(column, numbers) ?? packOffsets(column, numbers) ?? packPlain(column);
}

/** @param count the length of the column that was packed */
export function unpackColumn(bytes: Uint8Array, count: number): BigInt64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const column = new BigInt64Array(count);
  switch (view.getUint8(0)) {
    case PLAIN:
      for (let row = 0; row < count; row++) column[row] = view.getBigInt64(1 + 8 * row, true);
      return column;
    case PROGRESSION:
      return unpackProgression(view, column);
    case OFFSETS:
      return unpackOffsets(view, column);
    default:
      throw new Error('A column is packed in a way that this version does not know.');
  }
}

const PLAIN = 0;
const PROGRESSION = 1;
const OFFSETS = 2;

function packPlain(column: BigInt64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(1 + 8 * column.length));
  view.setUint8(0, PLAIN);
  column.forEach((value, row) => view.setBigInt64(1 + 8 * row, value, true));
  return new Uint8Array(view.buffer);
}

function packProgression(column: BigInt64Array, numbers: Float64Array): Uint8Array | null {
  const first = numbers[0] ?? 0;
  const delta = (numbers[1] ?? first) - first;
  for (let row = 1; row < numbers.length; row++) {
    if ((numbers[row] as number) - (numbers[row - 1] as number) !== delta) return null;
  }
  const view = new DataView(new ArrayBuffer(17));
  view.setUint8(0, PROGRESSION);
  view.setBigInt64(1, column[0] ?? 0n, true);
  view.setBigInt64(9, BigInt(delta), true);
  return new Uint8Array(view.buffer);
}

function packOffsets(column: BigInt64Array, numbers: Float64Array): Uint8Array | null {
  let [lowest, highest] = [0, 0];
  for (let row = 1; row < numbers.length; row++) {
    if ((numbers[row] as number) < (numbers[lowest] as number)) lowest = row;
    if ((numbers[row] as number) > (numbers[highest] as number)) highest = row;
  }
  const base = numbers[lowest] as number;
  const range = (numbers[highest] as number) - base;
  const width = range < 2 ** 8 ? 1 : range < 2 ** 16 ? 2 : range < 2 ** 32 ? 4 : null;
  if (width === null) return null;
  const view = new DataView(new ArrayBuffer(OFFSETS_AT + width * numbers.length));
  view.setUint8(0, OFFSETS);
  view.setBigInt64(1, column[lowest] as bigint, true);
  view.setUint8(9, width);
  for (let row = 0; row < numbers.length; row++) {
    const offset = (numbers[row] as number) - base;
    if (width === 1) view.setUint8(OFFSETS_AT + row, offset);
    else if (width === 2) view.setUint16(OFFSETS_AT + 2 * row, offset, true);
    else view.setUint32(OFFSETS_AT + 4 * row, offset, true);
  }
  return new Uint8Array(view.buffer);
}

/** Where the offsets begin: after how, the smallest, and the bytes of each. */
const OFFSETS_AT = 10;

/** Beyond this, what lies between two numbers could not be told exactly. */
const SAFE_HIGH = 2 ** 19;

/** The same numbers as doubles; null where one of them is beyond 2^51. */
function safeNumbers(column: BigInt64Array): Float64Array | null {
  const halves = halvesOf(column);
  const numbers = new Float64Array(column.length);
  for (let row = 0; row < column.length; row++) {
    const high = halves[2 * row + HIGH] as number;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) return null;
    numbers[row] = high * HALF + ((halves[2 * row + LOW] as number) >>> 0);
  }
  return numbers;
}

function unpackProgression(view: DataView, column: BigInt64Array): BigInt64Array {
  const first = Number(view.getBigInt64(1, true));
  const delta = Number(view.getBigInt64(9, true));
  const halves = halvesOf(column);
  for (let row = 0; row < column.length; row++) setSafe(halves, row, first + row * delta);
  return column;
}

function unpackOffsets(view: DataView, column: BigInt64Array): BigInt64Array {
  const base = Number(view.getBigInt64(1, true));
  const width = view.getUint8(9);
  const halves = halvesOf(column);
  for (let row = 0; row < column.length; row++) {
    const at = OFFSETS_AT + width * row;
    const offset =
      width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    setSafe(halves, row, base + offset);
  }
  return column;
}

function setSafe(halves: Int32Array, row: number, value: number): void {
  const high = Math.floor(value / HALF);
  halves[2 * row + HIGH] = high;
  halves[2 * row + LOW] = value - high * HALF; // a remainder would be the same, and several times slower
}
