import type { InferenceSession } from 'onnxruntime-node';
import type { Tensor } from '../../kernel/tensors/tensor';
import { gatherRows } from '../values/rows';
import type { DeclaredSignature } from '../inspection/declared-signature';
import { acceptedInputs } from '../inspection/probe-batching';
import { runSession } from './run-session';
import { runnableSession } from './runnable-session';

/** Runs of each size: the first one plans and allocates, the second shows that it need not be done again. */
const RUNS = 2;

/**
 * Time for all runs but the first, in ms: a version that is ready a moment later is better than a worker that is away.
 */
const WARM_UP_MS = 400;

/** Most bytes of a made-up batch: a large one is copied once more, and the worker shares its memory. */
const MAX_BATCH_BYTES = 32 * 1024 * 1024;

/**
 * Runs the model as callers will: with one row, and with as many as a batch may have, or as fit into the time. A model
 * that accepts no made-up values stays as it is.
 *
 * @param rows of the largest batch to expect; 1 where rows of callers cannot share a run
 * @throws Error where there is not even memory for one row
 */
export async function warmUp(
  session: InferenceSession,
  signature: DeclaredSignature,
  rows: number,
): Promise<void> {
  const row = await acceptedInputs(runnableSession(session), signature);
  if (row === undefined) return;
  const oneRunMs = await timed(() => runSession(session, row));
  const count = Math.min(rows, rowsThatFit(row, oneRunMs));
  if (count <= 1) return;
  // The row that was accepted, again and again: other made-up rows might not be.
  const batch = gatherRows(Array.from({ length: count }, () => row));
  const endsAt = performance.now() + WARM_UP_MS;
  try {
    for (let run = 0; run < RUNS && performance.now() < endsAt; run++) await runSession(session, batch);
  } catch {
    // It runs row by row. What is wrong with batches is for those to hear who send them.
  }
}

/** A row of a batch costs at most what one alone does. */
function rowsThatFit(row: readonly Tensor[], oneRunMs: number): number {
  const inTime = Math.floor(WARM_UP_MS / RUNS / Math.max(oneRunMs, Number.EPSILON));
  let bytes = 1;
  for (const { data } of row) if ('byteLength' in data) bytes += data.byteLength;
  return Math.min(inTime, Math.floor(MAX_BATCH_BYTES / bytes));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
