import type { TensorSpec } from '../../kernel/tensors/tensor';
import type { Column, Signature } from './signature';

type FitsShape = (before: readonly number[], after: readonly number[]) => boolean;

/**
 * How the data contract broke between two versions, one sentence a break: an input or output was added without
 * default, removed, or changed type or shape; a column lost its default or moved; the labels changed. A nullable
 * column has a default (the missing value), an output has none. Empty: the contract is the same.
 */
export function contractChanges(before: Signature, after: Signature): readonly string[] {
  return [
    ...inputChanges(before, after, isSameShape),
    ...outputChanges(before, after),
    ...labelChanges(before, after),
  ];
}

/**
 * Why requests made for `before` would be refused by `after`, one sentence a reason. Unlike `contractChanges` it
 * lets a dimension widen from a fixed size to any, and does not look at answers. Empty: every request still fits.
 */
export function refusedRequests(before: Signature, after: Signature): readonly string[] {
  return inputChanges(before, after, takesShape);
}

function inputChanges(before: Signature, after: Signature, fits: FitsShape): readonly string[] {
  const changes = tensorChanges('input', before.inputs, after.inputs, fits);
  const added = missingFrom(before.inputs, after.inputs)
    .filter(({ name }) => !hasDefault(after, name))
    .map(({ name }) => `input “${name}” was added without default`);
  const kept = before.inputs.filter(({ name }) => after.inputs.some((input) => input.name === name));
  const columns = kept.flatMap(({ name }) => columnChanges(columnsOf(before, name), columnsOf(after, name)));
  return [...changes, ...added, ...columns];
}

function outputChanges(before: Signature, after: Signature): readonly string[] {
  const added = missingFrom(before.outputs, after.outputs).map(({ name }) => `output “${name}” was added`);
  return [...tensorChanges('output', before.outputs, after.outputs, isSameShape), ...added];
}

function labelChanges(before: Signature, after: Signature): readonly string[] {
  if (JSON.stringify(before.labels) === JSON.stringify(after.labels)) return [];
  const text = (labels: Signature['labels']) => (labels === null ? 'none' : `[${abridged(labels)}]`);
  return [`the labels changed from ${text(before.labels)} to ${text(after.labels)}`];
}

/** What became of the tensors that there were. */
function tensorChanges(
  kind: string,
  before: readonly TensorSpec[],
  after: readonly TensorSpec[],
  fits: FitsShape,
): string[] {
  return before.flatMap((was) => {
    const is = after.find(({ name }) => name === was.name);
    if (!is) return [`${kind} “${was.name}” was removed`];
    if (is.datatype !== was.datatype)
      return [`${kind} “${was.name}” changed from ${was.datatype} to ${is.datatype}`];
    if (fits(was.shape, is.shape)) return [];
    return [
      `${kind} “${was.name}” changed its shape from [${was.shape.join(', ')}] to [${is.shape.join(', ')}]`,
    ];
  });
}

/** What became of the columns of one input. Names that are new where there were none break nothing. */
function columnChanges(before: readonly Column[], after: readonly Column[]): string[] {
  if (before.length === 0) return [];
  const names = new Map(after.map((column) => [column.name, column]));
  const known = new Set(before.map(({ name }) => name));
  const added = after.filter(({ name }) => !known.has(name)).map(({ name }) => `column “${name}” was added`);
  const changed = before.flatMap((was) => {
    const is = names.get(was.name);
    if (!is) return [`column “${was.name}” was removed`];
    if ((was.index ?? 0) !== (is.index ?? 0)) {
      return [
        `column “${was.name}” moved from place ${was.index ?? 0} to ${is.index ?? 0} of input “${was.input}”`,
      ];
    }
    return was.nullable && !is.nullable ? [`column “${was.name}” may no longer be missing`] : [];
  });
  return [...changed, ...added];
}

const columnsOf = ({ columns }: Signature, input: string) =>
  columns.filter((column) => column.input === input);

const missingFrom = (before: readonly TensorSpec[], after: readonly TensorSpec[]) =>
  after.filter(({ name }) => !before.some((tensor) => tensor.name === name));

/** Rows may leave out an input whose columns may all be missing. */
function hasDefault(signature: Signature, input: string): boolean {
  const columns = columnsOf(signature, input);
  return columns.length > 0 && columns.every(({ nullable }) => nullable);
}

const isSameShape: FitsShape = (before, after) =>
  before.length === after.length && before.every((size, axis) => size === after[axis]);

const takesShape: FitsShape = (before, after) =>
  before.length === after.length && before.every((size, axis) => after[axis] === -1 || after[axis] === size);

const MAX_LABELS_IN_TEXT = 5; // a sentence stays readable; the signature has them all
const abridged = (labels: readonly string[]) =>
  labels.slice(0, MAX_LABELS_IN_TEXT).join(', ') + (labels.length > MAX_LABELS_IN_TEXT ? ', …' : '');
