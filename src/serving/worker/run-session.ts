import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Tensor } from '../../kernel/tensors/tensor';
import { fromOrt, toOrt } from './ort-tensor';

/**
 * Runs a model once.
 *
 * @param outputs the names wanted; absent or empty: all, in the model's order
 * @throws Error in words for the caller where inputs and model do not fit
 */
export async function runSession(
  session: InferenceSession,
  inputs: readonly Tensor[],
  outputs: readonly string[] = [],
): Promise<Tensor[]> {
  const feeds: Record<string, OrtTensor> = {};
  for (const tensor of inputs) {
    // The runtime overlooks inputs that it does not know, and the caller would never learn of a typing error.
    if (!session.inputNames.includes(tensor.name))
      throw new RangeError(`The model has no input '${tensor.name}'.`);
    feeds[tensor.name] = toOrt(tensor);
  }
  for (const name of outputs)
    if (!session.outputNames.includes(name)) throw new RangeError(`The model has no output '${name}'.`);

  const wanted = outputs.length > 0 ? outputs : session.outputNames;
  const results = await session.run(feeds, wanted);
  return wanted.map((name) => {
    const result = results[name];
    if (result === undefined) throw new RangeError(`The model gave no output '${name}'.`);
    return fromOrt(name, result);
  });
}
