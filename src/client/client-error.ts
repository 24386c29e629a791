/**
 * Why something could not be done. The sentence says what was wrong and what to do; the code is for programs: what the
 * server calls it (`RUN_NOT_ACTIVE`, `INVALID_INPUT`, …), or one of ours.
 */
export type ClientErrorCode = OwnCode | (string & {});
type OwnCode =
  | 'BAD_ADDRESS'
  | 'NO_KEY'
  | 'UNREACHABLE'
  | 'BUSY'
  | 'NOT_GRAPHQL'
  | 'CHANGED_MEANWHILE'
  | 'CORRUPT'
  | 'SPOOL_IN_USE'
  | 'SPOOL_UNWRITABLE'
  | 'UNCERTAIN';

export class ClientError extends Error {
  constructor(
    readonly code: ClientErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ClientError';
  }
}

/** What Node knows of why nobody answered: `fetch` hides it in the cause. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (cause instanceof Error) return cause.message || ((cause as NodeJS.ErrnoException).code ?? 'no reason');
  return message || ((error as NodeJS.ErrnoException).code ?? 'no reason');
}
