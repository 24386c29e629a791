/**
 * When requests are to be sent, whatever becomes of those before: the n-th one (from 0), in ms since the beginning.
 * The rate goes evenly from one to the other; that of people who do not know of each other is no different, but for
 * chance.
 */
export interface Arrivals {
  readonly count: number;
  dueAtMs(index: number): number;
}

export function arrivals(fromPerSecond: number, toPerSecond: number, durationMs: number): Arrivals {
  const from = fromPerSecond / 1000;
  const slope = (toPerSecond - fromPerSecond) / 1000 / durationMs;
  return {
    count: Math.round(((from + toPerSecond / 1000) / 2) * durationMs),
    // The t at which from·t + slope·t²/2 requests are due; in the form that divides by no small number.
    dueAtMs: (index) => (2 * index) / (from + Math.sqrt(from * from + 2 * slope * index)) || 0,
  };
}
