import type { InvalidInput } from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';
import { readNested } from '../../kernel/tensors/nested-values';
import type { Datatype, Tensor, TensorData, TensorSpec } from '../../kernel/tensors/tensor';
import type { Column, Signature } from '../../registry/registry';
import type { Row } from './row';
import { newData, tensorFromJson } from './tensor-json';
import { describeExpected, describeValue, parserOf, type ValueParser } from './value-parser';

/** Rows of one request. Larger tables are asked in turn, or as tensors. */
export const MAX_ROWS = 10_000;
/** Issues told of one request: a table with a wrong column would otherwise repeat itself for every row. */
const MAX_ISSUES = 20;

interface ColumnReader {
  readonly name: string;
  /** Every object has something by this name. */
  readonly isInherited: boolean;
  readonly nullable: boolean;
  readonly parse: ValueParser;
  readonly missing: number | string | null;
  readonly datatype: Datatype;
  /** Which input, and where in each of its rows. */
  readonly input: number;
  readonly offset: number;
}

type Encoded =
  | { readonly ok: true; readonly inputs: readonly Tensor[] }
  | { readonly ok: false; readonly error: InvalidInput };

/** Turns rows of named values into a model's tensors; compiled once for each version. */
export class RowEncoder {
  private readonly readers: readonly ColumnReader[];
  /** Values of one row, by input. */
  private readonly widths: readonly number[];
  /** Inputs that a row carries whole, under their own name. */
  private readonly whole: ReadonlySet<string>;

  constructor(private readonly signature: Signature) {
    const { columns, inputs } = signature;
    this.readers = columns.map((column) => readerOf(column, inputs));
    this.widths = inputs.map((input) => widthOf(input, columns));
    this.whole = new Set(
      inputs.map(({ name }) => name).filter((name) => !columns.some(({ input }) => input === name)),
    );
  }

  encode(rows: readonly Row[]): Encoded {
    const check = new InputCheck();
    if (rows.length === 0 || rows.length > MAX_ROWS) {
      return refused(check.add('rows', `1 to ${MAX_ROWS} rows`, String(rows.length)));
    }
    const arrays = this.signature.inputs.map(({ name, datatype }, input) =>
      this.whole.has(name) ? [] : newData(datatype, rows.length * (this.widths[input] ?? 1)),
    );
    let issues = 0;
    for (let index = 0; index < rows.length && issues < MAX_ISSUES; index += 1) {
      issues += this.encodeRow(rows[index] ?? {}, index, arrays, check);
    }
    if (issues > 0) return refused(check);
    const inputs: (Tensor | null)[] = this.signature.inputs.map((spec, input) => {
      if (this.whole.has(spec.name)) return wholeInput(spec, rows, check);
      const { name, datatype, shape } = spec;
      const rowShape = shape.length === 1 ? [] : [this.widths[input] ?? 1];
      return {
        name,
        datatype,
        shape: [rows.length, ...rowShape],
        data: arrays[input] as unknown as TensorData,
      };
    });
    return inputs.every((input) => input !== null) ? { ok: true, inputs } : refused(check);
  }

  /** Writes one row into the tensors; answers how many issues it had. */
  private encodeRow(
    row: Row,
    index: number,
    arrays: readonly ReturnType<typeof newData>[],
    check: InputCheck,
  ): number {
    let known = 0;
    let issues = 0;
    for (const reader of this.readers) {
      const value = reader.isInherited && !Object.hasOwn(row, reader.name) ? undefined : row[reader.name];
      if (value !== undefined) known += 1;
      const isMissing = value === undefined || value === null;
      const parsed = isMissing ? (reader.nullable ? reader.missing : null) : reader.parse(value);
      if (parsed === null) {
        const expected = `${describeExpected(reader.datatype, value)}${reader.nullable ? ' or null' : ''}`;
        check.add(`rows[${index}].${reader.name}`, expected, describeValue(value));
        issues += 1;
        continue;
      }
      const array = arrays[reader.input];
      if (array) array[index * (this.widths[reader.input] ?? 1) + reader.offset] = parsed;
    }
    const names = Object.keys(row);
    for (const name of this.whole) {
      if (row[name] !== undefined) known += 1;
    }
    if (names.length === known) return issues;
    for (const name of names) {
      const isKnown = this.whole.has(name) || this.readers.some((reader) => reader.name === name);
      if (isKnown) continue;
      if (issues >= MAX_ISSUES) break;
      check.add(
        `rows[${index}].${name.slice(0, 100)}`,
        `one of the columns ${this.columnNames()}`,
        'a column that the model does not take',
      );
      issues += 1;
    }
    return issues;
  }

  private columnNames(): string {
    const names = [...this.readers.map(({ name }) => name), ...this.whole];
    return names.length <= 12
      ? names.join(', ')
      : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`;
  }
}

function readerOf(column: Column, inputs: readonly TensorSpec[]): ColumnReader {
  const isText = column.datatype === 'BYTES';
  const missing = isText ? '' : parserOf(column.datatype)('NaN');
  const nullable = column.nullable && missing !== null;
  return {
    name: column.name,
    isInherited: column.name in Object.prototype,
    nullable,
    parse: parserOf(column.datatype),
    missing: missing as number | string | null,
    datatype: column.datatype,
    input: inputs.findIndex(({ name }) => name === column.input),
    offset: column.index ?? 0,
  };
}

/** An input's values for one row: as many as it has columns. */
const widthOf = ({ name }: TensorSpec, columns: readonly Column[]): number =>
  columns.filter(({ input }) => input === name).length;

/** Nested lists, one for each row, put together; each has the sizes of the first one's, and the model's. */
function wholeInput(spec: TensorSpec, rows: readonly Row[], check: InputCheck): Tensor | null {
  const value = rows.map((row) => (Object.hasOwn(row, spec.name) ? row[spec.name] : undefined));
  const read = readNested({ spec, value, placeOf: (indices) => placeIn(spec.name, indices) }, false);
  if (read.ok)
    return tensorFromJson(read.tensor, spec, `rows[].${spec.name}`, check, false, read.placeOfValue);
  const { path, expected, actual } = read.issue;
  check.add(path, expected, actual);
  return null;
}

/** `rows[3].pixels[0][2]`. */
function placeIn(name: string, [row, ...indices]: readonly number[]): string {
  return row === undefined ? 'rows' : `rows[${row}].${name}${indices.map((at) => `[${at}]`).join('')}`;
}

function refused(check: InputCheck): { readonly ok: false; readonly error: InvalidInput } {
  const error = check.result();
  if (!error) throw new Error('There is an issue, so there is a refusal.');
  return { ok: false, error };
}
