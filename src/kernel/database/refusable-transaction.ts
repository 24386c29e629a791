import type { Database } from './database';
import type { Refusal, UserError } from '../errors';
import type { Transaction } from './sql';

/** Leaves a transaction with a refusal in hand; never seen outside of this file. */
class Refused<E extends UserError> extends Error {
  constructor(readonly refusal: Refusal<E>) {
    super('refused');
  }
}

/** Runs `work` in one transaction. What it wrote before it answered with a refusal is rolled back. */
export async function refusableTransaction<Success extends { readonly ok: true }, E extends UserError>(
  database: Database,
  work: (tx: Transaction) => Promise<Success | Refusal<E>>,
): Promise<Success | Refusal<E>> {
  try {
    return await database.transaction(async (tx) => {
      const result = await work(tx);
      if (!result.ok) throw new Refused(result);
      return result;
    });
  } catch (error) {
    if (error instanceof Refused) return error.refusal as Refusal<E>;
    throw error;
  }
}
