import { boundedJsonText, isObject } from './bounded-json';
import type { HttpAnswer } from './http-call';
import { faultOfUnavailable, RemoteFailure, remoteWords, type RemoteFault } from './remote-failure';

const FAULT_OF: ReadonlyMap<number, RemoteFault> = new Map([
  [400, 'refused'],
  [413, 'refused'],
  [415, 'refused'],
  [422, 'refused'],
  [401, 'denied'],
  [403, 'denied'],
  [404, 'not-found'],
  [408, 'timeout'],
  [504, 'timeout'],
  [429, 'busy'],
  [501, 'unsupported'],
  [502, 'unreachable'],
]);

/** The media types that the protocols answer in. */
const TYPES = ['application/json', 'application/octet-stream'];

/** Why an answer is none that can be read; null where it can. */
export function failureOfHttp(answer: HttpAnswer): RemoteFailure | null {
  const { status, headers, body } = answer;
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (status >= 300 && status < 400)
    return new RemoteFailure(
      'broken',
      `The remote answered with a redirect (${status}), which is never followed.`,
    );
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return new RemoteFailure('broken', `The remote packed its answer (${remoteWords(encoding)}), unasked.`);
  if (status !== 200) {
    const reason = reasonIn(answer);
    const fault = status === 503 ? faultOfUnavailable(reason) : (FAULT_OF.get(status) ?? 'failed');
    return new RemoteFailure(fault, `The remote answered ${status}${reason}`);
  }
  // Triton says that a model is ready by a status alone, with a type for the text that it does not send.
  if (body.length > 0 && type !== '' && !TYPES.includes(type))
    return new RemoteFailure('broken', `The remote answered ${remoteWords(type)} in place of a prediction.`);
  return null;
}

/** `{"error": "…"}`, which both protocols have, or whatever stands there. */
function reasonIn({ body, headers }: HttpAnswer): string {
  if (body.length === 0 || headers['content-type']?.includes('html')) return '.';
  try {
    const json: unknown = JSON.parse(boundedJsonText(body));
    if (isObject(json) && typeof json.error === 'string') return `: ${remoteWords(json.error)}`;
  } catch {
    // What is no JSON is quoted as it is.
  }
  return `: ${remoteWords(body.toString('latin1', 0, 400).replace(/[^\x20-\x7e]/g, ' '))}`;
}
