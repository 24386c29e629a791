import type { Actor } from '../kernel/actor';
import type { IdempotentRequest } from '../kernel/idempotency';
import type { Transaction } from '../kernel/sql';
import type { Run, RunId } from './run';
import { TrackingQueries } from './tracking.queries';

export function idempotentRequest(
  { projectId }: Actor,
  operation: string,
  { idempotencyKey, ...input }: { readonly idempotencyKey?: string | null },
): IdempotentRequest {
  return { projectId, operation, key: idempotencyKey, input };
}

/** The answer of the first call: the run that its key remembers. */
export async function replayedRun(
  tx: Transaction,
  { projectId }: Actor,
  reference: string,
): Promise<{ readonly ok: true; readonly run: Run }> {
  const run = await new TrackingQueries(tx).run(projectId, reference as RunId);
  if (!run) throw new Error('A run that was made is never deleted.');
  return { ok: true, run };
}
