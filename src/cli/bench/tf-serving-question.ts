import type { Signature } from '../operations/asked-model';
import type { Tensor } from '../asking/tensors';

/** TensorFlow Serving's question: row by row, or tensor by tensor of a model whose rows are not separate. */
export function tfServingQuestion(tensors: readonly Tensor[], { batchable }: Signature): object {
  if (!batchable)
    return {
      inputs: Object.fromEntries(tensors.map(({ name, data, shape }) => [name, nested(data, shape)])),
    };
  const rows = tensors[0]?.shape[0] ?? 0;
  return { instances: Array.from({ length: rows }, (_, row) => rowOf(tensors, row)) };
}

function rowOf(tensors: readonly Tensor[], row: number): object {
  return Object.fromEntries(
    tensors.map(({ name, data, shape: [, ...shape] }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return [name, nested(data.slice(row * size, (row + 1) * size), shape)];
    }),
  );
}

/** Values row-major in one list, as lists within lists. */
function nested(data: readonly unknown[], [length, ...rest]: readonly number[]): unknown {
  if (length === undefined) return data[0];
  const size = data.length / length;
  return Array.from({ length }, (_, index) => nested(data.slice(index * size, (index + 1) * size), rest));
}
