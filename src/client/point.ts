import { doubleToJson, integerToJson } from './exact-numbers';
import type { MetricPointInput } from './operations/runs';
import type { SpooledPoint } from './spool/record';

/** Longest key of a metric or param, in characters: the server's limit. */
const MAX_KEY_LENGTH = 250;
/** Years of four digits, which is all that the server's times have: 0 to 9999, in ms since 1970. */
const FIRST_TIME_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export interface Told {
  readonly step?: number | bigint | undefined;
  /** When it was measured; now if absent. */
  readonly timestamp?: Date | undefined;
}

/**
 * The points of one call, or the sentence that says what is wrong with one of them: better told here than by the server
 * for a whole request.
 */
export function pointsOf(
  metrics: Readonly<Record<string, number>>,
  { step = 0, timestamp }: Told,
): readonly SpooledPoint[] | string {
  const exactStep = typeof step === 'number' || typeof step === 'bigint' ? integerToJson(step) : null;
  if (exactStep === null)
    return `step: expected a whole number of 64 bits, beyond 2^53 as a bigint, got ${String(step)}.`;
  const time = timestamp === undefined ? Date.now() : timestamp.getTime();
  if (!(time >= FIRST_TIME_MS && time <= LAST_TIME_MS))
    return 'timestamp: expected a time of the years 0 to 9999.';
  const points: SpooledPoint[] = [];
  for (const [key, value] of Object.entries(metrics)) {
    const fault = keyFault(key);
    if (fault !== null) return fault;
    if (typeof value !== 'number') return `“${key}”: expected a number, got ${typeof value}.`;
    points.push([key, exactStep, doubleToJson(value), time]);
  }
  return points;
}

/** What is wrong with the key of a metric, param or tag; null where nothing is. */
export function keyFault(key: string): string | null {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH)
    return `“${key.slice(0, 60)}”: expected a key of 1 to ${MAX_KEY_LENGTH} characters, got ${key.length}.`;
  if (key.includes('\0') || !key.isWellFormed())
    return `${JSON.stringify(key)}: expected a key of well-formed text without the character U+0000.`;
  return null;
}

export const pointInput = ([key, step, value, timestampMs]: SpooledPoint): MetricPointInput => ({
  ...{ key, step, value },
  timestamp: new Date(timestampMs).toISOString(),
});
