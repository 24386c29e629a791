import type { Tensor } from '../kernel/tensor';
import type { RunResult } from './backends/backend';
import type { BatchRequest, PendingRequest } from './batch-request';
import { scatterRows } from './rows';
import { tensorMismatch } from './tensor-mismatch';

/**
 * Gives every caller of a batch its own rows, all within one tick.
 *
 * @throws RowsDoNotMatch, before anybody is answered, where the outputs have not one row per row asked
 */
export function answerAll(
  batch: readonly PendingRequest[],
  { outputs, computeMs }: RunResult,
  rows: number,
): void {
  const rowCounts = batch.map((pending) => pending.rows);
  const shares = batch.length === 1 ? [outputs] : scatterRows(outputs, rowCounts);
  batch.forEach((pending, index) => {
    const queueMs = pending.dispatchedAt - pending.arrivedAt;
    pending.succeed({ outputs: shares[index] ?? [], batchSize: rows, queueMs, computeMs });
  });
}

/** Rows of a request, 1 where the model is not batchable; a sentence for the caller where its inputs cannot be run. */
export function rowsOf({ batchable, inputs }: BatchRequest): number | string {
  for (const tensor of inputs) {
    const mismatch = tensorMismatch(tensor);
    if (mismatch !== undefined) return mismatch;
  }
  if (!batchable) return 1;
  const rows = inputs[0]?.shape[0];
  if (rows === undefined) return 'The first dimension of every input is the row, and there is none.';
  for (const { name, shape } of inputs)
    if (shape[0] !== rows) return `Input '${name}' has ${shape[0]} rows where the first input has ${rows}.`;
  return rows;
}

/** Bytes that the values take while they wait; text counts a byte a character. */
export function bytesOf(inputs: readonly Tensor[]): number {
  let bytes = 0;
  for (const { data } of inputs) {
    if ('byteLength' in data) bytes += data.byteLength;
    else for (const text of data) bytes += text.length;
  }
  return bytes;
}
