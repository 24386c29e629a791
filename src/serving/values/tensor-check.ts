import type { InvalidInput } from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';
import type { Tensor, TensorSpec } from '../../kernel/tensors/tensor';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import { tensorFromJson } from './tensor-json';

/** Tensors of one request that are looked at: many times what any model takes. */
const MAX_TENSORS = 1_000;

type Checked =
  | { readonly ok: true; readonly inputs: readonly Tensor[] }
  | { readonly ok: false; readonly error: InvalidInput };

/**
 * Tensors as a client sent them, checked against what the model takes and put into its order.
 *
 * @param anyBytes whether the model takes BYTES that are no text
 */
export function checkTensors(
  inputs: readonly TensorInput[],
  specs: readonly TensorSpec[],
  batchable: boolean,
  anyBytes: boolean,
): Checked {
  const check = new InputCheck();
  const tooMany = check.count('inputs', inputs.length, MAX_TENSORS).result();
  if (tooMany) return { ok: false, error: tooMany };
  for (let index = 0; index < inputs.length; index += 1) {
    const name = inputs[index]?.name ?? '';
    if (indexOf(specs, name) === -1)
      check.add(
        `inputs[${index}].name`,
        `one of ${specs.map((spec) => spec.name).join(', ')}`,
        name.slice(0, 100),
      );
    // Only of names that the model has: a thousand long ones that differ at their ends would take seconds to tell
    // apart.
    else if (indexOf(inputs, name) !== index)
      check.add(`inputs[${index}].name`, 'each input once', name.slice(0, 100));
  }
  const tensors: Tensor[] = [];
  for (const spec of specs) {
    const index = indexOf(inputs, spec.name);
    const input = inputs[index];
    const tensor = input ? tensorFromJson(input, spec, `inputs[${index}]`, check, anyBytes) : null;
    if (!input) check.add('inputs', `a tensor “${spec.name}” of ${spec.datatype}`, 'none');
    if (tensor) tensors.push(tensor);
  }
  const first = tensors[0];
  const differing = batchable && first ? tensors.find(({ shape }) => shape[0] !== first.shape[0]) : undefined;
  if (first && differing)
    check.add(
      'inputs',
      `${first.shape[0]} rows in every tensor`,
      `${differing.shape[0]} in “${differing.name}”`,
    );
  const error = check.result();
  return error ? { ok: false, error } : { ok: true, inputs: tensors };
}

/** The place of the first of that name, -1 where there is none. */
function indexOf(named: readonly { readonly name: string }[], name: string): number {
  for (let index = 0; index < named.length; index += 1) if (named[index]?.name === name) return index;
  return -1;
}
