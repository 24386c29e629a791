import type { TensorSpec } from '../../../src/kernel/tensors/tensor';
import { placeColumns, type NamedColumns } from '../../../src/registry/contract/columns';
import type { Signature } from '../../../src/registry/registry';

export const spec = (
  name: string,
  datatype: TensorSpec['datatype'] = 'FP32',
  shape: readonly number[] = [-1],
): TensorSpec => ({ name, datatype, shape });

interface Parts {
  readonly inputs?: readonly TensorSpec[];
  readonly outputs?: readonly TensorSpec[];
  readonly labels?: readonly string[] | null;
  readonly nullable?: readonly string[];
  readonly columns?: readonly NamedColumns[];
}

/** A signature as registration would make it: two columns in, one number out, unless told otherwise. */
export function signature(parts: Parts = {}): Signature {
  const {
    inputs = [spec('age'), spec('island', 'BYTES')],
    outputs = [spec('y')],
    labels = null,
    nullable = [],
  } = parts;
  const places = placeColumns(inputs, parts.columns ?? []);
  if (!places.ok) throw new Error(JSON.stringify(places.issues));
  const columns = places.columns.map((place) => ({ ...place, nullable: nullable.includes(place.name) }));
  return { columns, inputs, outputs, batchable: true, labels };
}
