import { setTimeout as pause } from 'node:timers/promises';
import type { ServerAccess } from './access';
import { delayMs } from './backoff';
import { ClientError } from './client-error';
import { callOnce } from './graphql-call';
import type { Operation } from './operations/operation';
import { DEFAULT_REQUEST_TIMEOUT_MS } from './options';

/**
 * Runs an operation that may safely come twice, again and again until it is answered; throws a ClientError at a refusal
 * outside a result union, and with the last reason where the time is over.
 *
 * @param until as `performance.now()` counts, which no clock that is set changes; at least one try is made
 */
export async function callUntil<Data, Variables>(
  access: ServerAccess,
  operation: Operation<Data, Variables>,
  variables: Variables,
  until: number,
  requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS,
): Promise<Data> {
  return tryUntil(until, async (leftMs) => {
    const timeoutMs = Math.max(1, Math.min(requestTimeoutMs, leftMs));
    const end = await callOnce(access, operation, variables, { timeoutMs });
    if (end.kind === 'answered') return { isDone: true, data: end.data };
    const error = new ClientError(end.code, end.message);
    if (end.kind !== 'later') throw error;
    return { isDone: false, error, retryAfterMs: end.retryAfterMs };
  });
}

type Try<Data> =
  | { readonly isDone: true; readonly data: Data }
  | { readonly isDone: false; readonly error: ClientError; readonly retryAfterMs: number | null };

/** Tries until it works or the time would be over; then throws the error of the last try. */
export async function tryUntil<Data>(
  until: number,
  attempt: (leftMs: number) => Promise<Try<Data>>,
): Promise<Data> {
  for (let failures = 1; ; failures += 1) {
    const tried = await attempt(Math.max(1_000, until - performance.now()));
    if (tried.isDone) return tried.data;
    const waitMs = delayMs(failures, tried.retryAfterMs, Math.random());
    if (performance.now() + waitMs >= until) throw tried.error;
    await pause(waitMs);
  }
}
