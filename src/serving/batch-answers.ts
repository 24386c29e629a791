import type { RunResult } from './backends/backend';
import { scatterRows } from './rows';
import type { RunningBatch } from './running-batch';

/**
 * Gives every caller of a batch its own rows, all within one tick.
 *
 * @throws RowsDoNotMatch, before anybody is answered, where the outputs have not one row per row asked
 */
export function answerAll({ requests, rows }: RunningBatch, { outputs, computeMs }: RunResult): void {
  const rowCounts = requests.map((pending) => pending.rows);
  const shares = requests.length === 1 ? [outputs] : scatterRows(outputs, rowCounts);
  requests.forEach((pending, index) => {
    const queueMs = pending.dispatchedAt - pending.arrivedAt;
    pending.succeed({ outputs: shares[index] ?? [], batchSize: rows, queueMs, computeMs });
  });
}
