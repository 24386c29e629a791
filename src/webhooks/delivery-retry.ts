/**
 * Pauses before each further attempt, in seconds: a receiver that restarts, one that is mended, one that is away over
 * night.
 */
const PAUSES_S = [1, 5, 30, 120, 600, 3_600, 21_600];
export const MAX_ATTEMPTS = PAUSES_S.length + 1;
/** Longest that a receiver may put us off, in ms. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** What follows from an answer's status, or from none. */
export type Outcome = 'DELIVERED' | 'FAILED' | 'RETRY';

/** Of what is refused only “not now” and “something is wrong here” may be answered otherwise later. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'DELIVERED';
  return status === 429 || status >= 500 ? 'RETRY' : 'FAILED';
}

/**
 * How long to wait after an attempt, in ms; null: not again.
 *
 * @param attempts those made, this one included
 * @param random from 0 to 1: those that failed together do not come back together
 */
export function pauseAfter(attempts: number, retryAfterMs: number | null, random: number): number | null {
  const seconds = PAUSES_S[attempts - 1];
  if (seconds === undefined) return null;
  const asked = Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  return Math.max(seconds * 1_000 * (1 + random / 4), asked);
}

/** Of a delivery that is new, in ms: it is due at once, and the clocks of two servers may differ. */
const NEW_WAITS_MS = 60_000;
/**
 * The longest that deliveries wait, in ms, by the attempts that were made. One that is due later than that was put off
 * by a clock which was set back since.
 */
export const LONGEST_WAITS_MS: readonly number[] = [
  NEW_WAITS_MS,
  ...PAUSES_S.map((seconds) => Math.max(seconds * 1_250, MAX_RETRY_AFTER_MS) + NEW_WAITS_MS),
  MAX_RETRY_AFTER_MS,
];
