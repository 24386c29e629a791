import type { Tensor } from '../../kernel/tensors/tensor';
import type { BatchRequest } from './batch-request';
import { InvalidInput } from '../execution/invalid-input';
import { tensorMismatch } from '../values/tensor-mismatch';
import { MAX_FRAME_BYTES } from '../worker/framing';

/**
 * Most rows of one request: a tenth of a second of a tiny model, during which its worker is nobody else's. Larger
 * tables are asked in parts.
 */
export const MAX_REQUEST_ROWS = 65_536;

/**
 * Most bytes of one request's values. A quarter of a frame: text may take three bytes a character on its way to the
 * worker, and what describes the tensors travels too.
 */
export const MAX_REQUEST_BYTES = MAX_FRAME_BYTES / 4;

/** Bytes of its length that a text has beside it. */
const TEXT_LENGTH_BYTES = 4;

/** Rows of a request, 1 where the model is not batchable; why not where its inputs cannot be run. */
export function rowsOf({ batchable, inputs }: BatchRequest, bytes: number): number | InvalidInput {
  for (const tensor of inputs) {
    const mismatch = tensorMismatch(tensor);
    if (mismatch !== undefined) return new InvalidInput(mismatch);
  }
  if (bytes > MAX_REQUEST_BYTES) return tooMuch(bytes, MAX_REQUEST_BYTES, 'bytes of values');
  if (!batchable) return 1;
  const rows = inputs[0]?.shape[0];
  if (rows === undefined)
    return new InvalidInput('The first dimension of every input is the row, and there is none.');
  for (const { name, shape } of inputs)
    if (shape[0] !== rows)
      return new InvalidInput(`Input '${name}' has ${shape[0]} rows where the first input has ${rows}.`);
  if (rows > MAX_REQUEST_ROWS) return tooMuch(rows, MAX_REQUEST_ROWS, 'rows');
  return rows;
}

const tooMuch = (actual: number, most: number, what: string): InvalidInput =>
  new InvalidInput(`${actual} ${what}`, `at most ${most} ${what} in one request: ask in parts`);

/** Bytes that the values take while they wait; text counts a byte a character. */
export function bytesOf(inputs: readonly Tensor[]): number {
  let bytes = 0;
  for (const { data } of inputs) {
    if ('byteLength' in data) bytes += data.byteLength;
    else for (const text of data) bytes += TEXT_LENGTH_BYTES + text.length;
  }
  return bytes;
}
