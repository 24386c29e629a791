/**
 * Why a remote server gave no answer that we can pass on.
 *
 * `unreachable`: no connection, it broke, or the remote says that it cannot answer now; `busy`: it has too much to do;
 * `timeout`: it took too long; `cancelled`: we no longer wanted the answer; `denied`: it does not take our credential;
 * `not-found`: it does not know the model; `refused`: it refuses this question; `broken`: what came is no answer to it;
 * `failed`: anything else that the remote says went wrong.
 */
export type RemoteFault =
  'unreachable' | 'busy' | 'timeout' | 'cancelled' | 'denied' | 'not-found' | 'refused' | 'broken' | 'failed';

/** Thrown by clients of remote servers. The message is a sentence that repeats a bounded piece of the remote's words. */
export class RemoteFailure extends Error {
  override readonly name = 'RemoteFailure';

  constructor(
    readonly fault: RemoteFault,
    message: string,
    /** Whether the same question may be asked again at once: nothing of an answer had come. */
    readonly mayRepeat = false,
  ) {
    super(message);
  }
}

/** Longest piece of a remote's own words that we repeat, in characters. */
const MAX_WORDS = 300;

/** What a remote says, or whatever led to it, fit for a sentence of ours: one line, bounded. */
export function remoteWords(text: string): string {
  const line = text
    .slice(0, 4 * MAX_WORDS)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length <= MAX_WORDS ? line.toWellFormed() : `${line.slice(0, MAX_WORDS).toWellFormed()}…`;
}
