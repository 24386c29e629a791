/**
 * Why a remote server gave no answer that we can pass on.
 *
 * `unreachable`: no connection, it broke, or the remote says that it cannot answer now; `busy`: it has too much to do;
 * `timeout`: it took too long; `cancelled`: we no longer wanted the answer; `denied`: it does not take our credential;
 * `not-found`: it does not know the model; `unsupported`: it does not answer such calls for the model; `refused`: it
 * refuses this question; `broken`: what came is no answer to it; `failed`: anything else that the remote says went
 * wrong.
 */
export type RemoteFault =
  | 'unreachable'
  | 'busy'
  | 'timeout'
  | 'cancelled'
  | 'denied'
  | 'not-found'
  | 'unsupported'
  | 'refused'
  | 'broken'
  | 'failed';

/**
 * Thrown by clients of remote servers. The message is a sentence that repeats a bounded piece of the remote's words.
 */
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

/**
 * The words of servers whose queue is full, or has let a question wait too long: Triton's, TensorFlow Serving's and our
 * own. They come with the status of a server that is away, but say that it is there.
 */
const OVERLOADED =
  /exceeds maximum queue size|request timeout expired|batch scheduling queue .* is full|too many predictions wait already|wait (for a worker|here) already/i;

/** What a remote that says that it cannot answer now is. */
export const faultOfUnavailable = (words: string): RemoteFault =>
  OVERLOADED.test(words) ? 'busy' : 'unreachable';

/** With a full stop, which a remote's words may lack, so that a sentence can follow it. */
export const asSentence = (message: string): string =>
  message.replace(/[\s:;,]+$/, '').replace(/[^.…]$/, '$&.');

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
