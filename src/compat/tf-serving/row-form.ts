import type { NestedValue } from '../../kernel/tensors/nested-values';
import type { TensorSpec } from '../../kernel/tensors/tensor';
import type { Signature } from '../../registry/registry';
import { indexed, isByName, objectBy, wrongForm, wrongNames, type Form } from './given-input';

type NamedRow = Readonly<Record<string, unknown>>;

const NOT_BY_ROW =
  'This model does not answer row by row: its tensors have no common first dimension, or its rows depend on each ' +
  'other. Send whole tensors in the column form, {"inputs": …}.';

/** `instances`: a list of rows, each an object by input or, where there is one input, its bare value. */
export function rowForm(instances: unknown, signature: Signature): Form {
  const { inputs, batchable } = signature;
  const fixedRows = batchable ? null : fixedRowCount(signature);
  if (!batchable && fixedRows === null) return wrongForm(NOT_BY_ROW);
  if (!Array.isArray(instances)) return wrongForm("Expecting 'instances' to be a list/array.");
  if (instances.length === 0) return wrongForm("No values in 'instances' array: send at least one instance.");
  const rows = instances as readonly unknown[];
  if (fixedRows !== null && rows.length !== fixedRows)
    return wrongForm(
      `The model takes exactly ${fixedRows === 1 ? 'one instance' : `${fixedRows} instances`} at a time, got ${rows.length}.`,
    );
  return isByName(rows[0]) ? namedRows(rows, inputs) : bareRows(rows, inputs);
}

/**
 * Of a model that was made for so many rows, in every tensor that it takes and gives. Null: there is no such number.
 */
function fixedRowCount({ inputs, outputs }: Signature): number | null {
  const rows = inputs[0]?.shape[0] ?? 0;
  return rows > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === rows) ? rows : null;
}

function bareRows(rows: readonly unknown[], inputs: readonly TensorSpec[]): Form {
  const [spec, ...others] = inputs;
  if (!spec || others.length > 0)
    return wrongForm(`'instances' is a plain list, but the model takes several inputs: ${objectBy(inputs)}.`);
  const named = rows.findIndex(isByName);
  if (named !== -1) return wrongForm(`instances[${named}]: expected a value or a list, got an object.`);
  return { ok: true, given: [{ spec, value: rows, placeOf: (indices) => `instances${indexed(indices)}` }] };
}

function namedRows(rows: readonly unknown[], inputs: readonly TensorSpec[]): Form {
  for (const [index, row] of rows.entries()) {
    const wrong = isByName(row) ? wrongNames(row, inputs) : `expected ${objectBy(inputs)}.`;
    if (wrong !== null) return wrongForm(`instances[${index}]: ${wrong}`);
  }
  return { ok: true, given: inputs.map((spec) => columnOf(rows as readonly NamedRow[], spec)) };
}

const columnOf = (rows: readonly NamedRow[], spec: TensorSpec): NestedValue => ({
  spec,
  value: rows.map((row) => row[spec.name]),
  placeOf: ([row, ...indices]) => `instances[${row ?? ''}].${spec.name}${indexed(indices)}`,
});
