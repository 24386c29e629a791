/** Before the second try, in ms; each later one may wait twice as long. */
const FIRST_DELAY_MS = 200;
/** So that a server that is back is noticed within half a minute. */
export const MAX_DELAY_MS = 30_000;

/**
 * How long to wait before another try, in ms: exponential with full jitter, so that a thousand runs do not come back
 * together, and never before the server has said.
 *
 * @param failures tries that have failed in a row, 1 or more
 * @param random 0 to 1
 */
export function delayMs(failures: number, retryAfterMs: number | null, random: number): number {
  const longest = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20));
  const jittered = longest / 2 + (random * longest) / 2;
  return Math.max(jittered, retryAfterMs ?? 0);
}
