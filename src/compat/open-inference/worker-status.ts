import { Metadata, status as Code } from '@grpc/grpc-js';
import { Failure } from '../../kernel/errors';
import type { Logger } from '../../kernel/logger';
import {
  INVALID_INPUT,
  InvalidInput,
  REASON_KEY,
  WorkerUnavailable,
  writeRetryAfter,
  type UnavailableReason,
} from '../../serving/serving';
import { statusOf, statusOfError, type CallStatus } from './grpc-status';

/** How a call to a worker ended that was not answered: the reason travels beside the status, which knows fewer. */
export function statusOfWorker(error: unknown, logger: Logger): CallStatus {
  if (error instanceof InvalidInput) return withReason(Code.INVALID_ARGUMENT, INVALID_INPUT, error);
  if (error instanceof WorkerUnavailable) {
    const { metadata, ...status } = withReason(codeOf(error.reason), error.reason, error);
    writeRetryAfter(metadata, error.retryAfterMs);
    return { ...status, metadata };
  }
  const status = statusOfError(error, logger);
  return error instanceof Failure ? status : { ...status, metadata: reasonOf('crashed') };
}

function withReason(code: Code, reason: string, { message }: Error): CallStatus & { metadata: Metadata } {
  return { ...statusOf(code, message), metadata: reasonOf(reason) };
}

function reasonOf(reason: string): Metadata {
  const metadata = new Metadata();
  metadata.set(REASON_KEY, reason);
  return metadata;
}

function codeOf(reason: UnavailableReason): Code {
  switch (reason) {
    case 'deadline':
    case 'timeout':
      return Code.DEADLINE_EXCEEDED;
    case 'busy':
    case 'memory':
      return Code.RESOURCE_EXHAUSTED;
    case 'load-failed':
    case 'quarantined':
      return Code.FAILED_PRECONDITION;
    default:
      return Code.UNAVAILABLE;
  }
}
