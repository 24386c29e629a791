import type { RunResult } from '../execution/backend';
import type { CloseReason } from './batch-policy';
import { scatterRows } from '../values/rows';
import type { RunningBatch } from './running-batch';

/**
 * Gives every caller of a batch its own rows, all within one tick.
 *
 * @param padding rows at the end that nobody asked for
 * @throws RowsDoNotMatch, before anybody is answered, where the outputs have not one row per row asked
 */
export function answerAll(
  { requests, rows, closed: reason }: RunningBatch,
  { outputs, computeMs, waitedMs = 0, ranOn }: RunResult,
  padding: number,
): void {
  const rowCounts = requests.map((pending) => pending.rows);
  if (padding > 0) rowCounts.push(padding); // the last share is nobody's
  const shares = rowCounts.length === 1 ? [outputs] : scatterRows(outputs, rowCounts);
  let closed: CloseReason | null = reason;
  requests.forEach((pending, index) => {
    const queueMs = pending.dispatchedAt - pending.arrivedAt + waitedMs;
    const isHeard = !pending.settled;
    pending.succeed({ outputs: shares[index] ?? [], batchSize: rows, queueMs, computeMs, ranOn, closed });
    if (isHeard) closed = null;
  });
}
