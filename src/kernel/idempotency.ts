import { createHash } from 'node:crypto';
import { invalidInput, type InvalidInput } from './errors';
import type { ProjectId } from './ids';
import type { Transaction } from './database/sql';

export interface IdempotentRequest {
  readonly projectId: ProjectId;
  /** Name of the mutation: keys of different mutations never meet. */
  readonly operation: string;
  /** Null: the caller does not care. */
  readonly key: string | null | undefined;
  /** Everything the caller sent; the same key with another input is a mistake, not a retry. */
  readonly input: unknown;
}

export type FirstTime =
  | { readonly kind: 'first' }
  | { readonly kind: 'replay'; readonly reference: string }
  | { readonly kind: 'mismatch'; readonly error: InvalidInput };

/**
 * Claims a key inside the caller's transaction. A concurrent twin waits here until that transaction ends, and then
 * replays it; if it was rolled back, the twin is the first. Call `rememberResult` before the commit. A key is kept for
 * a day (see `retention.ts`), after which it is as if it had never been used.
 *
 * @param reference what a replay must find again, where that is known before the work: nothing is to be remembered then
 */
export async function claimKey(
  tx: Transaction,
  request: IdempotentRequest,
  reference = '',
): Promise<FirstTime> {
  if (request.key === null || request.key === undefined) return { kind: 'first' };
  const inputHash = hashOf(request.input);
  const claimed = await tx.query<object>(
    `/* idempotency.claim */ INSERT INTO idempotency_key (project_id, operation, key, input_hash, reference)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING key`,
    [request.projectId, request.operation, request.key, inputHash, reference],
    { prepareAs: 'idempotency.claim' },
  );
  if (claimed.length > 0) return { kind: 'first' };
  const [stored] = await tx.query<{ input_hash: string; reference: string }>(
    `/* idempotency.read */ SELECT input_hash, reference FROM idempotency_key
     WHERE project_id = $1 AND operation = $2 AND key = $3`,
    [request.projectId, request.operation, request.key],
  );
  // It was old, and has been deleted between the two statements: it is free again.
  if (stored === undefined) return claimKey(tx, request, reference);
  if (stored.input_hash === inputHash) return { kind: 'replay', reference: stored.reference };
  const issue = {
    path: 'idempotencyKey',
    expected: 'the same input as when the key was first used',
    actual: 'another input',
  };
  return { kind: 'mismatch', error: invalidInput([issue]) };
}

/** Stores what a replay must find again: the id of what was made. */
export async function rememberResult(
  tx: Transaction,
  request: IdempotentRequest,
  reference: string,
): Promise<void> {
  if (request.key === null || request.key === undefined) return;
  await tx.query(
    `/* idempotency.remember */ UPDATE idempotency_key SET reference = $4
     WHERE project_id = $1 AND operation = $2 AND key = $3`,
    [request.projectId, request.operation, request.key, reference],
  );
}

function hashOf(input: unknown): string {
  const text = JSON.stringify(input, (_key, value: unknown) =>
    typeof value === 'bigint' || typeof value === 'number' ? numberText(value) : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/** JSON would make NaN null and -0 zero, and so two different inputs equal. */
const numberText = (value: number | bigint) => (Object.is(value, -0) ? '-0' : String(value));
