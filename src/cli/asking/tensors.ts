import { UsageError } from '../command';
import type { Column, Signature, TensorSpec } from '../operations/asked-model';

/** As the protocols write a tensor in JSON: its values row-major, in one list. */
export interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}
export type Row = Readonly<Record<string, unknown>>;

/** Which columns of a row an input is made of; null: the row has the input whole, under its name. */
interface Place {
  readonly input: TensorSpec;
  readonly columns: readonly Column[] | null;
}

/** Rows as the tensors that the model takes, for protocols that know no rows. */
export function tensorsOf(rows: readonly Row[], signature: Signature): readonly Tensor[] {
  return placesOf(signature).map(({ input, columns }) =>
    columns === null ? wholeInput(rows, input) : joinedColumns(rows, input, columns),
  );
}

/** Whether rows by column say all that the model takes. */
export const takesRows = (signature: Signature): boolean =>
  signature.batchable && placesOf(signature).every(({ columns }) => columns !== null);

/**
 * Columns are listed in the order of the inputs that they belong to. An input of [N] or [N, 1] is one column; a wider
 * one has as many as it is wide, where that many are left; else the row has it whole.
 */
function placesOf({ inputs, columns }: Signature): readonly Place[] {
  const singles = inputs.filter(({ shape }) => isOneColumn(shape)).length;
  let ofWide = columns.length - singles;
  let at = 0;
  const take = (count: number) => columns.slice(at, (at += count));
  return inputs.map((input) => {
    if (isOneColumn(input.shape)) return { input, columns: take(1) };
    const width = input.shape.length === 2 ? Number(input.shape[1]) : Infinity;
    const count = width === -1 ? ofWide : width;
    if (count === 0 || count > ofWide) return { input, columns: null };
    ofWide -= count;
    return { input, columns: take(count) };
  });
}

const isOneColumn = (shape: TensorSpec['shape']): boolean =>
  shape.length === 1 || (shape.length === 2 && Number(shape[1]) === 1);

function joinedColumns(
  rows: readonly Row[],
  { name, datatype, shape }: TensorSpec,
  columns: readonly Column[],
): Tensor {
  const data = rows.flatMap((row) => columns.map((column) => row[column.name] ?? missing(datatype)));
  return { name, datatype, shape: shape.length === 1 ? [rows.length] : [rows.length, columns.length], data };
}

/** How protocols without null say that a value is missing. */
const missing = (datatype: string): string => (datatype === 'BYTES' ? '' : 'NaN');

function wholeInput(rows: readonly Row[], { name, datatype }: TensorSpec): Tensor {
  const values = rows.map((row) => row[name]);
  if (values.some((value) => value === undefined))
    throw new UsageError(`--rows: each row needs “${name}”, with nested lists of values.`);
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level); level = (level as unknown[])[0])
    shape.push(level.length);
  return { name, datatype, shape, data: values.flat(Infinity) };
}
