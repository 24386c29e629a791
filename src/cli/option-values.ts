import { UsageError } from './command';

/** A day. */
const MAX_DURATION_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `2m`, `1h`, or 0; in ms. Without a unit, some would mean seconds and some milliseconds. */
export function durationMsOf(name: string, text: string, maxMs: number = MAX_DURATION_MS): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = text === '0' ? 0 : Number(number) * (UNITS_MS[unit] ?? NaN);
  if (ms <= maxMs) return ms;
  throw new UsageError(`--${name}: expected a time such as 500ms, 10s or 2m, got “${text}”.`);
}

export function wholeNumberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name}: expected a whole number from ${min} to ${max}, got “${text}”.`);
}
