import type { Datatype, TensorSpec } from '../../kernel/tensors/tensor';

/** Where a column's values go in the model's inputs. */
export interface ColumnPlace {
  readonly name: string;
  readonly input: string;
  /** Place in the input's last dimension; null where the input is this one column ([N] or [N, 1]). */
  readonly index: number | null;
  readonly datatype: Datatype;
}

/** A named value of a row. */
export interface Column extends ColumnPlace {
  /** Whether the model answers without NaN when the value is missing (NaN, or the empty string for text). */
  readonly nullable: boolean;
}

/** The data contract of a version: what it takes and what it gives. */
export interface Signature {
  /** Empty where rows cannot be given by column: one tensor without names. */
  readonly columns: readonly Column[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether rows of different callers may share one run. */
  readonly batchable: boolean;
  /** Names of the classes, in the order of the probabilities; null where the model is no classifier or unnamed. */
  readonly labels: readonly string[] | null;
}

/** Of what is not opened: nobody can say what it takes. */
export const NO_SIGNATURE: Signature = {
  columns: [],
  inputs: [],
  outputs: [],
  batchable: false,
  labels: null,
};
