import type { Database } from '../../kernel/database/database';
import { claimKey, type FirstTime, type IdempotentRequest } from '../../kernel/idempotency';

/** Leaves the transaction, which rolls back, and is caught right outside of it. */
class OnlyLooking extends Error {}

/**
 * Whether a request was answered before, asked ahead of work that must not be done twice. It claims nothing: a
 * first request leaves no trace, and claims its key later, in the transaction that does the work.
 */
export async function lookBefore(database: Database, request: IdempotentRequest): Promise<FirstTime> {
  if (request.key === null || request.key === undefined) return { kind: 'first' };
  try {
    return await database.transaction(async (tx) => {
      const claim = await claimKey(tx, request);
      if (claim.kind === 'first') throw new OnlyLooking();
      return claim;
    });
  } catch (error) {
    if (error instanceof OnlyLooking) return { kind: 'first' };
    throw error;
  }
}
