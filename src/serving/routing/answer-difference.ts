import type { Signature } from '../../registry/registry';
import { isSameElement } from '../../kernel/tensors/bytes-element';
import { isFloating, type Tensor } from '../../kernel/tensors/tensor';
import { ROUNDING } from '../inspection/same-rows';
import { numberOf } from '../values/value-parser';

/** Relative difference of two numbers from which on they are two answers. */
export const TOLERANCE = 1e-3;
/**
 * Values of one output that are looked at, in the first rows: some hundredths of a millisecond, on everybody's thread.
 */
const MAX_VALUES = 16_384;

/** What two versions have answered to the same question. */
export interface Answer {
  readonly signature: Pick<Signature, 'labels'>;
  readonly outputs: readonly Tensor[];
}

/** Counts and sums, so that differences add up. */
export interface AnswerDifference {
  /** Rows that were looked at; 1 where the answers are not made of rows. */
  readonly compared: number;
  /** Of them, those that a caller would call another answer. */
  readonly disagreed: number;
  /** Numbers that were compared, and the sum of their absolute differences. */
  readonly values: number;
  readonly absDifference: number;
}

type Kind = 'class' | 'number';
interface Judged {
  readonly kind: Kind;
  /** Whether the row differs, by place. */
  readonly differs: readonly boolean[];
}

/**
 * How far two answers are apart. Where classes are answered they decide: probabilities of two versions are never the
 * same. Else numbers do, by more than `TOLERANCE` of the larger one, and by more than rounding makes: a number near
 * zero among large ones has lost its last digits to them.
 */
export function differenceOf(one: Answer, other: Answer): AnswerDifference {
  const pairs = one.outputs.map((output) => ({
    output,
    twin: other.outputs.find((candidate) => isAlike(output, candidate)),
  }));
  const rows = rowsOf(one.outputs);
  const sums = { values: 0, absDifference: 0 };
  const judged = pairs.map(({ output, twin }): Judged => {
    if (!twin) return { kind: 'class', differs: Array.from({ length: rows.looked }, () => true) };
    return judge([output, twin], [one.signature.labels, other.signature.labels], rows, sums);
  });
  const decisive = judged.some(({ kind }) => kind === 'class') ? 'class' : 'number';
  const differs = Array.from({ length: rows.looked }, (_, row) =>
    judged.some(({ kind, differs: byRow }) => kind === decisive && byRow[row]),
  );
  return { compared: rows.looked, disagreed: differs.filter(Boolean).length, ...sums };
}

const isAlike = (one: Tensor, other: Tensor): boolean =>
  one.name === other.name &&
  one.datatype === other.datatype &&
  one.shape.length === other.shape.length &&
  one.shape.every((size, axis) => size === other.shape[axis]);

interface Rows {
  /** Of the answer. */
  readonly count: number;
  /** The first of them, which are looked at. */
  readonly looked: number;
}

/** Along the first axis, where all outputs have the same; else there is one answer, and it is compared as one. */
function rowsOf(outputs: readonly Tensor[]): Rows {
  const first = outputs[0]?.shape[0] ?? 1;
  const count = first > 0 && outputs.every(({ shape }) => shape[0] === first) ? first : 1;
  const widest = outputs.reduce((width, { data }) => Math.max(width, data.length / count), 1);
  return { count, looked: Math.min(count, Math.max(1, Math.floor(MAX_VALUES / widest))) };
}

type Labels = Signature['labels'];

function judge(
  [one, other]: readonly [Tensor, Tensor],
  [labels, otherLabels]: readonly [Labels, Labels],
  rows: Rows,
  sums: { values: number; absDifference: number },
): Judged {
  const width = one.data.length / rows.count;
  if (!isFloating(one.datatype)) {
    const nameOf = (tensor: Tensor, names: Labels, at: number) => classOf(tensor.data[at], names);
    return {
      kind: 'class',
      differs: perRow(
        rows,
        width,
        (at) => !isSameElement(nameOf(one, labels, at), nameOf(other, otherLabels, at)),
      ),
    };
  }
  const rounding = ROUNDING[one.datatype];
  const places = Math.min(width, MAX_VALUES);
  const differs = Array.from({ length: rows.looked }, (_, row) =>
    addDifferences(
      numbersAt(one, row * width, places),
      numbersAt(other, row * width, places),
      rounding,
      sums,
    ),
  );
  if (labels === null || otherLabels === null || width !== labels.length) return { kind: 'number', differs };
  const likeliest = (tensor: Tensor, names: readonly string[], row: number) =>
    names[bestAt(tensor, row, width)];
  return {
    kind: 'class',
    differs: differs.map((_, row) => likeliest(one, labels, row) !== likeliest(other, otherLabels, row)),
  };
}

/** Looks at every value, also after the first that differs: they are counted on the way. */
function perRow({ looked }: Rows, width: number, differsAt: (at: number) => boolean): boolean[] {
  return Array.from({ length: looked }, (_, row) => {
    let differs = false;
    for (let place = 0; place < Math.min(width, MAX_VALUES); place += 1)
      differs = differsAt(row * width + place) || differs;
    return differs;
  });
}

/** Whether any of a row's numbers differ; two that are not finite are equal or not, and have no distance. */
function addDifferences(
  one: readonly number[],
  other: readonly number[],
  rounding: number,
  sums: { values: number; absDifference: number },
): boolean {
  const noise = rounding * Math.max(largestOf(one), largestOf(other));
  let differs = false;
  one.forEach((value, place) => {
    const twin = other[place] ?? NaN;
    const difference = Math.abs(value - twin);
    if (!Number.isFinite(difference)) {
      differs ||= !Object.is(value, twin);
      return;
    }
    sums.values += 1;
    sums.absDifference += difference;
    differs ||= difference > Math.max(noise, TOLERANCE * Math.max(Math.abs(value), Math.abs(twin)));
  });
  return differs;
}

const largestOf = (values: readonly number[]): number =>
  values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);

const classOf = (value: unknown, labels: Labels): unknown =>
  labels !== null && (typeof value === 'number' || typeof value === 'bigint')
    ? (labels[Number(value)] ?? value)
    : value;

function bestAt(tensor: Tensor, row: number, width: number): number {
  let best = 0;
  for (let place = 1; place < width; place += 1)
    if (numberAt(tensor, row * width + place) > numberAt(tensor, row * width + best)) best = place;
  return best;
}

function numberAt({ datatype, data }: Tensor, at: number): number {
  return numberOf(datatype, Number(data[at]));
}

const numbersAt = (tensor: Tensor, from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, place) => numberAt(tensor, from + place));
