import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Failure } from '../kernel/errors';
import type { Logger } from '../kernel/logger';
import { Seldom } from '../kernel/seldom';

/**
 * Pause between two lines about calls that found something unavailable, in ms: while a database is away all of them do.
 */
const UNAVAILABLE_EVERY_MS = 10_000;
/** One for each server's log: a test has several servers in a process. */
const unavailability = new WeakMap<Logger, Seldom>();

/** Longest sentence about a caller's mistake, in characters: it repeats what was sent, which may be megabytes. */
const MAX_MESSAGE_LENGTH = 2_000;

/** Codes that GraphQL's own machinery gives to a caller's mistakes; their messages are safe to show. */
const CALLERS_MISTAKES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
]);

/**
 * What a caller may see of an error: our failures with their facts, the caller's own mistakes with GraphQL's words,
 * and of everything else only that it happened, with the id under which the log tells more.
 */
export function toClientError(error: GraphQLError, requestId: string, logger: Logger): GraphQLFormattedError {
  const { message, locations, path } = error.toJSON();
  const place = { ...(locations && { locations }), ...(path && { path }) };
  const cause = rootCause(error);
  if (cause instanceof Failure) {
    if (cause.code === 'UNAVAILABLE') tellUnavailable(cause, requestId, logger);
    return { message: cause.message, ...place, extensions: { code: cause.code, ...cause.facts } };
  }
  const code = codeOf(error, cause);
  if (CALLERS_MISTAKES.has(code))
    return { message: withoutMiddle(message), ...place, extensions: { ...factsOf(error), code } };
  logger.error({ requestId, err: cause }, 'a call failed');
  const masked = 'Something went wrong on our side. The log has more under this requestId.';
  return { message: masked, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
}

/** @param requestId of the one call that the line is about; the others are only counted */
function tellUnavailable(failure: Failure, requestId: string, logger: Logger): void {
  let seldom = unavailability.get(logger);
  if (!seldom) unavailability.set(logger, (seldom = new Seldom(UNAVAILABLE_EVERY_MS)));
  const calls = seldom.told();
  if (calls !== null)
    logger.warn({ requestId, calls, err: failure.cause ?? failure }, 'calls found something unavailable');
}

/** Where the mistake is comes first, and what it is comes last. */
const withoutMiddle = (message: string): string =>
  message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH / 2)} … ${message.slice(-MAX_MESSAGE_LENGTH / 2)}`.toWellFormed();

/** What a resolver has thrown. */
export function rootCause(error: Error): Error {
  return error instanceof GraphQLError && error.originalError ? rootCause(error.originalError) : error;
}

/** The innermost code is the most telling one: Apollo calls everything that validation finds by one name. */
function codeOf(error: GraphQLError, cause: Error): string {
  const ownCode = cause instanceof GraphQLError ? cause.extensions.code : undefined;
  if (typeof ownCode === 'string') return ownCode;
  const { code } = error.extensions;
  if (typeof code === 'string') return code;
  // A GraphQLError that wraps nothing was not thrown by us: the document or its variables are wrong.
  return cause instanceof GraphQLError ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
}

/** Extensions without the stack that Apollo may have added. */
function factsOf(error: GraphQLError): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(error.extensions).filter(([key]) => key !== 'stacktrace' && key !== 'http'),
  );
}
