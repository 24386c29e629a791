import { bytesElement } from '../../kernel/tensors/bytes-element';
import { ARRAY_OF, elementCount, type TensorSpec } from '../../kernel/tensors/tensor';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import type { Signature } from '../../registry/registry';
import { Refused } from './refused';

/**
 * A body that is nothing but one tensor's values: the model says what they are. One row, where the model takes rows;
 * one dimension may be open, since the size of the body closes it. BYTES is the body as it is.
 */
export function readRawRequest(bytes: Buffer, { inputs, batchable }: Signature): TensorInput | Refused {
  const [input, ...others] = inputs;
  if (!input || others.length > 0)
    return new Refused(
      400,
      `A body of only values is for models with one input; this one has ${inputs.length}.`,
    );
  const shape = input.shape.map((size, axis) => (batchable && axis === 0 ? 1 : size));
  return input.datatype === 'BYTES' ? oneText(bytes, input, shape) : numbers(bytes, input, shape);
}

function oneText(
  bytes: Buffer,
  { name, datatype }: TensorSpec,
  shape: readonly number[],
): TensorInput | Refused {
  const closed = shape.map((size) => (size === -1 ? 1 : size));
  if (elementCount(closed) !== 1)
    return new Refused(400, `A body of only text is one text; input “${name}” takes [${shape.join(', ')}].`);
  return { name, datatype, shape: closed, data: [bytesElement(bytes)] };
}

function numbers(
  bytes: Buffer,
  { name, datatype }: TensorSpec,
  shape: readonly number[],
): TensorInput | Refused {
  if (datatype === 'BYTES') throw new Error('Text is read elsewhere.');
  const open = shape.filter((size) => size === -1).length;
  if (open > 1)
    return new Refused(
      400,
      `A body of only values cannot say the ${open} open sizes of [${shape.join(', ')}].`,
    );
  const known = shape.reduce(
    (product, size) => (size === -1 ? product : product * size),
    ARRAY_OF[datatype].BYTES_PER_ELEMENT,
  );
  const rest = known === 0 ? 0 : Math.floor(bytes.length / known);
  return { name, datatype, shape: shape.map((size) => (size === -1 ? rest : size)), bytes };
}
