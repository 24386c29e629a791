import type { TensorSpec } from '../../kernel/tensors/tensor';
import type { Signature } from '../../registry/registry';
import { indexed, isByName, objectBy, wrongForm, wrongNames, type Form } from './given-input';

/** `inputs`: whole tensors as an object by input or, where there is one input, its bare value. */
export function columnForm(value: unknown, { inputs }: Signature): Form {
  return isByName(value) ? named(value, inputs) : bare(value, inputs);
}

function bare(value: unknown, inputs: readonly TensorSpec[]): Form {
  const [spec, ...others] = inputs;
  if (!spec || others.length > 0)
    return wrongForm(`'inputs' is a plain value, but the model takes several inputs: ${objectBy(inputs)}.`);
  return { ok: true, given: [{ spec, value, placeOf: (indices) => `inputs${indexed(indices)}` }] };
}

function named(members: Readonly<Record<string, unknown>>, inputs: readonly TensorSpec[]): Form {
  const wrong = wrongNames(members, inputs);
  if (wrong !== null) return wrongForm(`inputs: ${wrong}`);
  const given = inputs.map((spec) => ({
    spec,
    value: members[spec.name],
    placeOf: (indices: readonly number[]) => `inputs.${spec.name}${indexed(indices)}`,
  }));
  return { ok: true, given };
}
