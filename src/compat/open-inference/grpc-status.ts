import { Metadata, status as Code, type StatusObject } from '@grpc/grpc-js';
import { Failure, type FailureCode, type UserError } from '../../kernel/errors';
import { newId } from '../../kernel/ids';
import type { Logger } from '../../kernel/logger';
import type { PredictRefusal } from '../../serving/serving';

/** How a call ended. */
export type CallStatus = Pick<StatusObject, 'code' | 'details'> & { readonly metadata?: Metadata };

/** Longest sentence in a status, in characters: it travels percent-encoded in a header, of which clients take 8 KiB. */
const MAX_DETAILS_LENGTH = 800;

const CODE_OF_FAILURE: Readonly<Record<FailureCode, Code>> = {
  UNAUTHENTICATED: Code.UNAUTHENTICATED,
  FORBIDDEN: Code.PERMISSION_DENIED,
  BAD_USER_INPUT: Code.INVALID_ARGUMENT,
  UNAVAILABLE: Code.UNAVAILABLE,
};

/** The header cannot carry half a surrogate pair, which cutting a text may leave. */
export const statusOf = (code: Code, details: string): CallStatus => ({
  code,
  details: details.toWellFormed().slice(0, MAX_DETAILS_LENGTH).toWellFormed(),
});

const CODE_OF_REFUSAL: ReadonlyMap<string, Code> = new Map([
  ['NOT_FOUND', Code.NOT_FOUND],
  ['IN_USE', Code.FAILED_PRECONDITION],
]);

/** What a call is told that was refused. */
export function statusOfRefusal(error: PredictRefusal | UserError): CallStatus {
  const status = statusOf(codeOf(error), error.message);
  return 'retryAfterMs' in error && error.retryAfterMs !== undefined
    ? comeBack(status, error.retryAfterMs)
    : status;
}

function codeOf(error: PredictRefusal | UserError): Code {
  if ('reason' in error) return codeOfUnavailable(error.reason);
  if ('retryAfterMs' in error) return Code.RESOURCE_EXHAUSTED;
  return CODE_OF_REFUSAL.get(error.code) ?? Code.INVALID_ARGUMENT;
}

function codeOfUnavailable(reason: Extract<PredictRefusal, { reason: unknown }>['reason']): Code {
  switch (reason) {
    case 'deadline':
      return Code.DEADLINE_EXCEEDED;
    case 'cancelled':
      return Code.CANCELLED;
    case 'busy':
      return Code.RESOURCE_EXHAUSTED;
    default:
      return Code.UNAVAILABLE;
  }
}

/** Clients that retry by themselves obey this header. */
function comeBack(status: CallStatus, afterMs: number): CallStatus {
  const metadata = new Metadata();
  metadata.set('grpc-retry-pushback-ms', String(Math.ceil(afterMs)));
  return { ...status, metadata };
}

/** What a call is told that failed. What is no `Failure` is our fault: the log has it, and the caller does not. */
export function statusOfError(error: unknown, logger: Logger): CallStatus {
  if (error instanceof Failure) return statusOf(CODE_OF_FAILURE[error.code], error.message);
  const requestId = newId();
  logger.error({ requestId, err: error }, 'a gRPC call failed');
  return statusOf(Code.INTERNAL, `Something went wrong on our side. The log has more under ${requestId}.`);
}
