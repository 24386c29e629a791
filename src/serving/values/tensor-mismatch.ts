import { ARRAY_OF, elementCount, type Tensor } from '../../kernel/tensors/tensor';

/**
 * Why a tensor's values are not what it declares, in words for the caller; undefined where they are. Values that
 * do not fit would shift everybody else's in a shared run, so this is asked of every tensor that enters.
 */
export function tensorMismatch({ name, datatype, shape, data }: Tensor): string | undefined {
  for (const dimension of shape)
    if (!Number.isInteger(dimension) || dimension < 0)
      return `Input '${name}' has shape [${shape.join(', ')}]; dimensions are whole numbers from 0.`;
  const count = elementCount(shape);
  if (data.length !== count)
    return `Input '${name}' has ${data.length} values where shape [${shape.join(', ')}] needs ${count}.`;
  if (datatype === 'BYTES')
    return Array.isArray(data) ? undefined : `Input '${name}' is BYTES, so it holds texts.`;
  const arrayClass = ARRAY_OF[datatype];
  return data instanceof arrayClass
    ? undefined
    : `Input '${name}' is ${datatype}, so its values are a ${arrayClass.name}.`;
}
