import type { InvalidInput } from '../kernel/errors';
import { InputCheck } from '../kernel/input-check';
import type { Tensor, TensorSpec } from '../kernel/tensor';
import type { TensorInput } from '../kernel/tensor-input';
import { tensorFromJson } from './tensor-json';

/** Tensors of one request that are looked at: many times what any model takes. */
const MAX_TENSORS = 1_000;

type Checked =
  | { readonly ok: true; readonly inputs: readonly Tensor[] }
  | { readonly ok: false; readonly error: InvalidInput };

/** Tensors as a client sent them, checked against what the model takes and put into its order. */
export function checkTensors(
  inputs: readonly TensorInput[],
  specs: readonly TensorSpec[],
  batchable: boolean,
): Checked {
  const check = new InputCheck();
  const tooMany = check.count('inputs', inputs.length, MAX_TENSORS).result();
  if (tooMany) return { ok: false, error: tooMany };
  inputs.forEach(({ name }, index) => {
    const names = specs.map((spec) => spec.name);
    if (!names.includes(name))
      check.add(`inputs[${index}].name`, `one of ${names.join(', ')}`, name.slice(0, 100));
    if (inputs.findIndex((other) => other.name === name) !== index)
      check.add(`inputs[${index}].name`, 'each input once', name.slice(0, 100));
  });
  const tensors: Tensor[] = [];
  for (const spec of specs) {
    const index = inputs.findIndex(({ name }) => name === spec.name);
    const input = inputs[index];
    const tensor = input ? tensorFromJson(input, spec, `inputs[${index}]`, check) : null;
    if (!input) check.add('inputs', `a tensor “${spec.name}” of ${spec.datatype}`, 'none');
    if (tensor) tensors.push(tensor);
  }
  const [first] = tensors;
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
