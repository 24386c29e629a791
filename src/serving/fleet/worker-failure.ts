import { status as Code, type ServiceError } from '@grpc/grpc-js';
import { InvalidInput } from '../execution/invalid-input';
import { isUnavailableReason, WorkerUnavailable } from '../execution/worker-unavailable';
import { lostBecause } from './lost-because';
import { readRetryAfter } from './retry-after';
import { INVALID_INPUT, REASON_KEY } from './worker-calls';

/** The connection to a worker broke, or there was none: nobody knows what became of the call. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}

/** What the transport says by itself where a connection breaks under a call, or a worker ends it unanswered. */
const LOST: readonly Code[] = [Code.UNAVAILABLE, Code.CANCELLED, Code.INTERNAL, Code.UNKNOWN];

/** What a call's status says: the worker's own reason where it gives one, else the transport's. */
export function failureOfWorker({ code, details, metadata }: ServiceError, timeoutMs: number): Error {
  const [reason] = metadata.get(REASON_KEY);
  if (reason === INVALID_INPUT) return new InvalidInput(details);
  if (typeof reason === 'string' && isUnavailableReason(reason))
    return new WorkerUnavailable(reason, details, readRetryAfter(metadata));
  if (LOST.includes(code)) return new WorkerLost(lostBecause(details));
  if (code === Code.DEADLINE_EXCEEDED)
    return new WorkerUnavailable('timeout', `The worker did not answer within ${Math.round(timeoutMs)} ms.`);
  if (code === Code.UNAUTHENTICATED)
    return new WorkerUnavailable(
      'unfit',
      'The worker does not know this process: both need the same WORKER_TOKEN, or the same store.',
    );
  return new WorkerUnavailable('crashed', `The worker answered ${Code[code]}: ${details}`);
}
