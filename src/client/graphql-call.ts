import { headersOf, type ServerAccess } from './access';
import { reasonOf } from './client-error';
import type { Operation } from './operations/operation';
import { timerMs } from './timer-ms';

/** What of an answer that is no JSON is shown. */
const MAX_SHOWN = 200;
/** Longest that a server may make a client wait by Retry-After, in ms. */
const MAX_RETRY_AFTER_MS = 300_000;

/** With these nothing has reached the server. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Of an attempt without an answer, whether it can have been done all the same. */
interface Unanswered {
  readonly isCertainlyNotDone: boolean;
  readonly code: string;
  readonly message: string;
}
/** What a call came to, by what a client can do about it. */
export type CallEnd<Data> =
  | { readonly kind: 'answered'; readonly data: Data }
  /** Nobody answered, or somebody who cannot just now: later it may work. */
  | (Unanswered & { readonly kind: 'later'; readonly retryAfterMs: number | null })
  /** Not before a person has changed something: a wrong key, a wrong address. */
  | (Unanswered & { readonly kind: 'denied' })
  /** The same again gets the same answer. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly retryable?: boolean };
  }[];
}

/** Runs a query or a mutation once. Refusals of a result union are data. Never throws. */
export async function callOnce<Data, Variables>(
  access: ServerAccess,
  { text }: Operation<Data, Variables>,
  variables: Variables,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<CallEnd<Data>> {
  const timeout = AbortSignal.timeout(timerMs(timeoutMs));
  let response: Response;
  let body: string;
  try {
    response = await fetch(`${access.url}/graphql`, {
      method: 'POST',
      headers: { ...headersOf(access), 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: text, variables }),
      redirect: 'manual', // a redirect would make a GET of it
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    });
    body = await response.text();
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    const isCertainlyNotDone = NOT_CONNECTED.has(cause?.code ?? '');
    const message = `No answer from ${access.url}: ${reasonOf(error)}.`;
    return { kind: 'later', code: 'UNREACHABLE', message, isCertainlyNotDone, retryAfterMs: null };
  }
  return endOf<Data>(access, response, body);
}

function endOf<Data>({ url }: ServerAccess, response: Response, body: string): CallEnd<Data> {
  const { status } = response;
  const answer = parsed<Data>(body);
  const [error] = answer?.errors ?? [];
  const code = error?.extensions?.code;
  const told = error?.message ?? `${url} answered ${status}: ${body.slice(0, MAX_SHOWN)}`;
  const message = code === 'UNAUTHENTICATED' ? `The API key is none of those of ${url}.` : told;
  if (status === 401 || status === 403 || code === 'UNAUTHENTICATED' || code === 'FORBIDDEN')
    return { kind: 'denied', code: code ?? 'UNAUTHENTICATED', message, isCertainlyNotDone: true };
  if (isForLater(status, code)) {
    const isCertainlyNotDone = status === 429;
    const retryAfterMs = retryAfterOf(response.headers.get('retry-after'));
    return { kind: 'later', code: code ?? 'BUSY', message, isCertainlyNotDone, retryAfterMs };
  }
  if (!answer || (!error && !answer.data)) {
    const found = `The answer of ${url} (${status}) is not GraphQL’s: ${body.slice(0, MAX_SHOWN)}`;
    return { kind: 'denied', code: 'NOT_GRAPHQL', message: found, isCertainlyNotDone: status >= 300 };
  }
  if (error) return { kind: 'refused', code: code ?? 'BAD_REQUEST', message };
  return { kind: 'answered', data: answer.data as Data };
}

/** An error of the server's own may have come after its commit, and may be over the next time. */
const isForLater = (status: number, code: string | undefined): boolean =>
  status === 408 ||
  status === 429 ||
  status >= 500 ||
  code === 'UNAVAILABLE' ||
  code === 'RATE_LIMITED' ||
  code === 'INTERNAL_SERVER_ERROR';

/** Seconds or a date (RFC 9110 §10.2.3) as ms from now; null where there is none that can be read. */
export function retryAfterOf(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}

function parsed<Data>(text: string): Answer<Data> | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : null;
  } catch {
    return null;
  }
}
