import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Failure } from '../kernel/errors';
import type { Logger } from '../kernel/logger';

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
    if (cause.code === 'UNAVAILABLE')
      logger.warn({ requestId, err: cause.cause ?? cause }, 'a call found something unavailable');
    return { message: cause.message, ...place, extensions: { code: cause.code, ...cause.facts } };
  }
  const code = codeOf(error, cause);
  if (CALLERS_MISTAKES.has(code)) return { message, ...place, extensions: { ...factsOf(error), code } };
  logger.error({ requestId, err: cause }, 'a call failed');
  const masked = 'Something went wrong on our side. The log has more under this requestId.';
  return { message: masked, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
}

function rootCause(error: Error): Error {
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
