import type { Actor } from '../kernel/actor';
import { refuse, type NotFound, type Refusal } from '../kernel/errors';
import type { IdempotentRequest } from '../kernel/idempotency';
import type { Transaction } from '../kernel/database/sql';
import type { Run, RunId } from './run';
import { runPurged } from './tracking.errors';
import { TrackingQueries } from './tracking.queries';

export function idempotentRequest(
  { projectId }: Actor,
  operation: string,
  { idempotencyKey, ...input }: { readonly idempotencyKey?: string | null },
): IdempotentRequest {
  return { projectId, operation, key: idempotencyKey, input };
}

/** The answer of the first call: the run that its key remembers, as long as it is there. */
export async function replayedRun(
  tx: Transaction,
  { projectId }: Actor,
  reference: string,
): Promise<{ readonly ok: true; readonly run: Run } | Refusal<NotFound>> {
  const run = await new TrackingQueries(tx).run(projectId, reference as RunId);
  return run ? { ok: true, run } : refuse(runPurged());
}
