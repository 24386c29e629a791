const FIRST_DELAY_MS = 100;

/** Longest wait before a worker is started again: what breaks every start may be mended at any time. */
const LONGEST_DELAY_MS = 5_000;

/** A worker that lived this long was well; its death is a new story. */
export const HEALTHY_AFTER_MS = 30_000;

/**
 * How long to wait before the next start, in ms: at once after a first death, then 100 ms, doubling.
 *
 * @param earlierDeaths deaths in a row before this one, none of them after a healthy life
 */
export function restartDelayMs(earlierDeaths: number): number {
  return earlierDeaths === 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (earlierDeaths - 1));
}
