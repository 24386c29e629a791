import { invalidInput, refuse, type Refusal } from '../../kernel/errors';
import { InvalidInput } from '../execution/invalid-input';
import { Overloaded } from '../execution/overloaded';
import type { PredictRefusal } from '../predictions/prediction';
import { WorkerUnavailable } from '../execution/worker-unavailable';

/** What the batcher and the workers throw, as refusals that a caller can act on. Anything else is our fault. */
export function refusalOf(error: unknown): Refusal<PredictRefusal> {
  if (error instanceof InvalidInput) {
    const actual = error.message.replace(/\.$/, ''); // the whole sentence has its own full stop
    return refuse(invalidInput([{ path: 'inputs', expected: error.expected, actual }]));
  }
  if (error instanceof Overloaded) {
    const message = `Too many predictions wait already. ${error.message} Try again in ${error.retryAfterMs} ms.`;
    return refuse({ kind: 'OverloadedError', code: 'OVERLOADED', message, retryAfterMs: error.retryAfterMs });
  }
  if (error instanceof WorkerUnavailable) {
    const { message, retryable, reason, retryAfterMs } = error;
    const later = retryAfterMs === undefined ? {} : { retryAfterMs };
    return refuse({ kind: 'UnavailableError', code: 'UNAVAILABLE', message, retryable, reason, ...later });
  }
  throw error;
}
