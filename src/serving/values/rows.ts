import {
  ARRAY_OF,
  elementCount,
  type BytesElement,
  type Tensor,
  type TensorData,
} from '../../kernel/tensors/tensor';

/** A model said that its answer has one row per row asked, and it has not: whose row is whose is unknown. */
export class RowsDoNotMatch extends Error {}

/**
 * Joins the inputs of several callers along axis 0. All must have the same names, datatypes and shapes apart
 * from axis 0, in the same order. One caller's tensors are passed on as they are, without a copy.
 */
export function gatherRows(callers: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first, ...others] = callers;
  if (first === undefined) return [];
  if (others.length === 0) return first;
  return first.map((tensor, index) => joined(tensor, callers, index));
}

function joined(first: Tensor, callers: readonly (readonly Tensor[])[], index: number): Tensor {
  let rows = 0;
  let count = 0;
  for (const inputs of callers) {
    const tensor = inputs[index];
    rows += tensor?.shape[0] ?? 0;
    count += tensor?.data.length ?? 0;
  }
  const shape = first.shape.slice();
  shape[0] = rows;
  return {
    name: first.name,
    datatype: first.datatype,
    shape,
    data: joinedData(first, callers, index, count),
  };
}

function joinedData(
  first: Tensor,
  callers: readonly (readonly Tensor[])[],
  index: number,
  count: number,
): TensorData {
  if (first.datatype === 'BYTES') {
    const elements: BytesElement[] = [];
    for (const inputs of callers)
      for (const element of (inputs[index]?.data ?? []) as BytesElement[]) elements.push(element);
    return elements;
  }
  const data = new ARRAY_OF[first.datatype](count);
  let at = 0;
  for (const inputs of callers) {
    const part = inputs[index]?.data;
    if (part === undefined) continue;
    // The classes are equal by datatype, which the type system cannot follow.
    (data as Float64Array).set(part as Float64Array, at);
    at += part.length;
  }
  return data;
}

/** The tensors with `count` more rows, all like the last one: a size that the model is quick for. */
export function padRows(tensors: readonly Tensor[], count: number): readonly Tensor[] {
  if (count === 0) return tensors;
  return tensors.map((tensor) => {
    const width = elementCount(tensor.shape.slice(1));
    const last = {
      ...tensor,
      shape: [1, ...tensor.shape.slice(1)],
      data: part(tensor.data, tensor.data.length - width, tensor.data.length),
    };
    return joined(tensor, [[tensor], ...Array.from({ length: count }, () => [last])], 0);
  });
}

/**
 * Gives each caller its own rows of the outputs, in order, as views: they live as long as the whole batch, so
 * whoever keeps an answer for long copies it.
 *
 * @throws RowsDoNotMatch where an output has not one row per row asked
 */
export function scatterRows(outputs: readonly Tensor[], rowCounts: readonly number[]): Tensor[][] {
  let total = 0;
  for (const rows of rowCounts) total += rows;
  const answers: Tensor[][] = rowCounts.map(() => []);
  for (const output of outputs) {
    if (output.shape.length === 0 || output.shape[0] !== total)
      throw new RowsDoNotMatch(
        `Output '${output.name}' of shape [${output.shape.join(', ')}] is not an answer to ${total} rows.`,
      );
    const inner = output.shape.slice(1);
    const width = elementCount(inner);
    let at = 0;
    for (let caller = 0; caller < rowCounts.length; caller++) {
      const rows = rowCounts[caller] ?? 0;
      const end = at + rows * width;
      answers[caller]?.push({
        name: output.name,
        datatype: output.datatype,
        shape: [rows, ...inner],
        data: part(output.data, at, end),
      });
      at = end;
    }
  }
  return answers;
}

function part(data: TensorData, start: number, end: number): TensorData {
  return 'subarray' in data ? data.subarray(start, end) : data.slice(start, end);
}
