import { InputCheck } from '../../kernel/input-check';
import { DATATYPES, type Tensor } from '../../kernel/tensors/tensor';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import { tensorFromJson } from '../values/tensor-json';
import { RemoteFailure } from './remote-failure';

/**
 * What a remote sent as tensors: each as long as its own shape says, and of a datatype that we know.
 *
 * @throws RemoteFailure where one is not
 */
export function answerTensors(outputs: readonly TensorInput[], check = new InputCheck()): readonly Tensor[] {
  const tensors = outputs.flatMap((output, index) => {
    const path = `outputs[${index}]`;
    const datatype = DATATYPES.find((known) => known === output.datatype);
    if (datatype === undefined) {
      check.add(`${path}.datatype`, `one of ${DATATYPES.join(', ')}`, output.datatype.slice(0, 40));
      return [];
    }
    const spec = { name: output.name, datatype, shape: output.shape.map(() => -1) };
    return tensorFromJson(output, spec, path, check, true) ?? [];
  });
  const error = check.result();
  if (error) throw new RemoteFailure('broken', `The remote’s answer is malformed: ${error.message}`);
  return tensors;
}
