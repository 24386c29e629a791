import { invalidInput, type InvalidInput } from '../../kernel/errors';
import { firstOtherBytes } from '../../kernel/tensors/bytes-element';
import type { Tensor } from '../../kernel/tensors/tensor';

/**
 * Why JSON cannot say an answer: its texts are Unicode, and an element of BYTES may be other bytes. Null where it can.
 *
 * @param instead what a caller can ask for that carries them
 * @param isInJson whether the output of that name is to be said in JSON
 */
export function jsonGap(
  outputs: readonly Tensor[],
  instead: string,
  isInJson: (name: string) => boolean = () => true,
): InvalidInput | null {
  for (const { name, datatype, data } of outputs) {
    if (datatype !== 'BYTES' || !isInJson(name)) continue;
    const place = firstOtherBytes(data);
    if (place === -1) continue;
    const actual = `JSON, whose texts cannot say element ${place}: it is not UTF-8`;
    const expected = `${instead}, which carries any bytes, or, where outputs can be chosen, others than this one`;
    return invalidInput([{ path: `outputs[${name}]`, expected, actual }]);
  }
  return null;
}
