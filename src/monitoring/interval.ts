import { Failure } from '../kernel/errors';

/** Shortest interval of a subscription: the width of what is measured. */
export const MIN_INTERVAL_MS = 1_000;
/** Longest: a snapshot of 60 of them is the hour that is kept in seconds. */
export const MAX_INTERVAL_MS = 60_000;
export const DEFAULT_INTERVAL_MS = 1_000;
/** Windows of a snapshot, and the most that a slow or returning subscriber is behind: older ones are skipped. */
export const RECENT_WINDOWS = 60;

/** Most windows that a span is told in: more than a screen has columns of charts. */
export const MAX_POINTS = 1_000;
export const DEFAULT_POINTS = 300;

export function checkInterval(intervalMs: number): void {
  const isValid =
    Number.isInteger(intervalMs / 1_000) && intervalMs >= MIN_INTERVAL_MS && intervalMs <= MAX_INTERVAL_MS;
  if (isValid) return;
  const expected = `whole seconds from ${MIN_INTERVAL_MS} to ${MAX_INTERVAL_MS} ms`;
  throw new Failure('BAD_USER_INPUT', `intervalMs: expected ${expected}, got ${intervalMs}.`);
}

export function checkPoints(maxPoints: number): void {
  if (Number.isInteger(maxPoints) && maxPoints >= 1 && maxPoints <= MAX_POINTS) return;
  throw new Failure('BAD_USER_INPUT', `maxPoints: expected 1 to ${MAX_POINTS}, got ${maxPoints}.`);
}
