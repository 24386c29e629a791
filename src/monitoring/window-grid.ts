/** Equal windows over a span of time that is over: what lies in it does not change any more. */
export interface WindowGrid {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly widthMs: number;
  /** Before it, windows of a minute are read; from it on, windows of a second. */
  readonly secondsFromMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/**
 * Time after its end until a window is taken for complete: each process writes its part within some hundredths of a
 * second. What comes later than this (the database was away) is found by queries, and not sent to subscribers again.
 */
export const SETTLE_MS = 500;
/** Longest span that is read from windows of a second: 3,600 rows a variant and process. */
export const FINE_RANGE_MS = 60 * MINUTE_MS;
/** How long windows of a second are kept: twice what is read, so that nothing is missing at the edge. */
export const SECONDS_KEPT_MS = 2 * FINE_RANGE_MS;
/** How long windows of a minute are kept: a week, so that a Monday can be held against the last one. */
export const MINUTES_KEPT_MS = 7 * 24 * 60 * MINUTE_MS;

/** The end of the last window of this width that is complete. */
export const completeUntil = (nowMs: number, widthMs: number): number => floorTo(nowMs - SETTLE_MS, widthMs);

/** At most `maxPoints` windows from `sinceMs` until now; null where nothing is complete yet. */
export function gridSince(sinceMs: number, maxPoints: number, nowMs: number): WindowGrid | null {
  const untilMs = completeUntil(nowMs, SECOND_MS);
  const rangeMs = untilMs - sinceMs;
  const baseMs = rangeMs <= FINE_RANGE_MS ? SECOND_MS : MINUTE_MS;
  const fromMs = floorTo(Math.max(sinceMs, nowMs - MINUTES_KEPT_MS), baseMs);
  if (!(fromMs < untilMs)) return null;
  const widthMs = ceilTo((untilMs - fromMs) / maxPoints, baseMs);
  const secondsFromMs = baseMs === SECOND_MS ? fromMs : Math.max(fromMs, floorTo(untilMs, MINUTE_MS));
  return { fromMs, untilMs, widthMs, secondsFromMs };
}

/** Windows of a subscription: aligned to their width, read from windows of a second. */
export const gridOf = (fromMs: number, untilMs: number, widthMs: number): WindowGrid => ({
  fromMs,
  untilMs,
  widthMs,
  secondsFromMs: fromMs,
});

const floorTo = (value: number, step: number) => Math.floor(value / step) * step;
const ceilTo = (value: number, step: number) => Math.ceil(value / step) * step;
