import { status as Code, type ServiceError } from '@grpc/grpc-js';
import { faultOfUnavailable, RemoteFailure, remoteWords, type RemoteFault } from './remote-failure';

/** What transports say about a message over the limit, which has the same code as a remote that is busy. */
const TOO_LARGE = /larger than max|exceeds maximum size|decompresses to a size/i;

const FAULT_OF: ReadonlyMap<Code, RemoteFault> = new Map([
  [Code.RESOURCE_EXHAUSTED, 'busy'],
  [Code.DEADLINE_EXCEEDED, 'timeout'],
  [Code.UNAUTHENTICATED, 'denied'],
  [Code.PERMISSION_DENIED, 'denied'],
  [Code.NOT_FOUND, 'not-found'],
  [Code.UNIMPLEMENTED, 'unsupported'],
  [Code.INVALID_ARGUMENT, 'refused'],
  [Code.OUT_OF_RANGE, 'refused'],
]);

/** The limits of a call: its time, and the largest message that we take. */
interface OurLimits {
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
}

/** What a call's status says, as a failure of ours. */
export function failureOfStatus(
  error: ServiceError | null,
  { timeoutMs, maxMessageBytes }: OurLimits,
): RemoteFailure {
  const code = error?.code ?? Code.UNKNOWN;
  const details = error?.details ?? '';
  if (code === Code.RESOURCE_EXHAUSTED && TOO_LARGE.test(details)) {
    // Both ends say it in the same words: the limit in them tells whose it is. Of servers 4 or 8 MiB is usual.
    const isAnswer = details.includes(String(maxMessageBytes));
    return isAnswer
      ? new RemoteFailure('broken', `The remote’s answer is too large: ${remoteWords(details)}.`)
      : new RemoteFailure('refused', `The question is too large for the remote: ${remoteWords(details)}.`);
  }
  if (code === Code.DEADLINE_EXCEEDED)
    return new RemoteFailure('timeout', `The remote did not answer within ${Math.ceil(timeoutMs)} ms.`);
  const words = remoteWords(details);
  const said = words === '' ? '.' : `: ${words}`;
  const fault = code === Code.UNAVAILABLE ? faultOfUnavailable(words) : (FAULT_OF.get(code) ?? 'failed');
  // A call that is UNAVAILABLE may be made again, so says the protocol; one that found a queue full would fill it.
  return new RemoteFailure(fault, `The remote answered ${Code[code]}${said}`, fault === 'unreachable');
}
