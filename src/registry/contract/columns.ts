import type { InputIssue } from '../../kernel/errors';
import { MAX_NAME_LENGTH } from '../../kernel/input-check';
import type { Datatype, TensorSpec } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from './signature';

/** Names that the caller gives to the columns of one tensor, in order. */
export interface NamedColumns {
  readonly input: string;
  readonly names: readonly string[];
}

export type Places =
  | { readonly ok: true; readonly columns: readonly ColumnPlace[] }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

/**
 * Which column goes where. An input with names gives one column a name; an input of [N] or [N, 1] is a column by
 * itself; any other input has none, and rows carry it whole under its own name.
 */
export function placeColumns(inputs: readonly TensorSpec[], named: readonly NamedColumns[]): Places {
  const issues = [...named.flatMap((entry, place) => issuesOf(entry, place, inputs, named))];
  if (issues.length > 0) return { ok: false, issues };
  const columns = inputs.flatMap((input) =>
    columnsOf(
      input,
      named.find(({ input: name }) => name === input.name),
    ),
  );
  const repeated = repeatedName([...columns.map(({ name }) => name), ...wholeInputs(inputs, columns)]);
  if (repeated === null) return { ok: true, columns };
  return {
    ok: false,
    issues: [
      { path: 'columns', expected: 'names that differ, over all inputs', actual: `“${repeated}” twice` },
    ],
  };
}

const MAY_BE_MISSING: ReadonlySet<Datatype> = new Set(['FP16', 'BF16', 'FP32', 'FP64', 'BYTES']);

/** Whether the datatype has a missing value at all: NaN, or the empty string. */
export const hasMissingValue = ({ datatype }: ColumnPlace): boolean => MAY_BE_MISSING.has(datatype);

function columnsOf(
  { name: input, datatype, shape }: TensorSpec,
  named: NamedColumns | undefined,
): readonly ColumnPlace[] {
  if (isOneColumn(shape)) return [{ name: named?.names[0] ?? input, input, index: null, datatype }];
  return (named?.names ?? []).map((name, index) => ({ name, input, index, datatype }));
}

/** Scalars per row: [N] or [N, 1]. */
const isOneColumn = (shape: readonly number[]) =>
  shape.length === 1 || (shape.length === 2 && shape[1] === 1);

function issuesOf(
  { input, names }: NamedColumns,
  place: number,
  inputs: readonly TensorSpec[],
  all: readonly NamedColumns[],
): InputIssue[] {
  const at = `columns[${place}]`;
  const spec = inputs.find(({ name }) => name === input);
  if (!spec) {
    const known = inputs.map(({ name }) => `“${name}”`).join(', ');
    return [{ path: `${at}.input`, expected: `an input of the model: ${known}`, actual: `“${input}”` }];
  }
  if (all.findIndex((entry) => entry.input === input) !== place) {
    return [{ path: `${at}.input`, expected: 'each input once', actual: `“${input}” again` }];
  }
  const issues = names.flatMap((name, i) => nameIssues(name, `${at}.names[${i}]`));
  const { shape } = spec;
  if (!isOneColumn(shape) && shape.length !== 2) {
    const expected = 'an input with one value per column: [N], [N, 1] or [N, columns]';
    return [
      ...issues,
      { path: `${at}.input`, expected, actual: `“${input}” of shape [${shape.join(', ')}]` },
    ];
  }
  const width = isOneColumn(shape) ? 1 : (shape[1] ?? -1);
  const isWrongCount = width === -1 ? names.length === 0 : names.length !== width;
  if (!isWrongCount) return issues;
  const expected =
    width === -1
      ? 'at least one name'
      : `${width} ${width === 1 ? 'name' : 'names'}, one a column of “${input}”`;
  return [...issues, { path: `${at}.names`, expected, actual: `${names.length} names` }];
}

function nameIssues(name: string, path: string): InputIssue[] {
  if (name.length >= 1 && name.length <= MAX_NAME_LENGTH && name.isWellFormed() && !name.includes('\0'))
    return [];
  return [
    {
      path,
      expected: `1 to ${MAX_NAME_LENGTH} characters`,
      actual: name.length === 0 ? 'an empty text' : 'another text',
    },
  ];
}

/** Inputs that rows carry whole: their names stand beside the columns' names. */
const wholeInputs = (inputs: readonly TensorSpec[], columns: readonly ColumnPlace[]) =>
  inputs.map(({ name }) => name).filter((name) => !columns.some(({ input }) => input === name));

function repeatedName(names: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}
