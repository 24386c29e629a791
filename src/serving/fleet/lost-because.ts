import { remoteWords } from '../backends/remote-failure';

/** What the transport says where a call did not arrive, and what it means to whoever set the workers up. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'Nothing listens at the worker’s address'],
  [/ENOTFOUND|ENODATA|Name resolution failed/, 'The name of the worker has no address'],
  [
    /Failed to connect|Protocol error/,
    'What listens at the worker’s address does not speak gRPC without TLS, as a worker does',
  ],
  [/No connection established/, 'The worker cannot be reached'],
];

/** A sentence on a worker that a call did not come back from. @param details of the call's status */
export function lostBecause(details: string): string {
  const meaning = MEANINGS.find(([pattern]) => pattern.test(details))?.[1] ?? LOST;
  const words = details.replace(/^No connection established\. Last error: (Error: )?/, '');
  return `${meaning} (${remoteWords(words.replace(/\. Resolution note: $/, ''))}).`;
}

const LOST = 'The connection to the worker is lost';
