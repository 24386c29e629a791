import { UsageError } from './command';

/** What JSON cannot write as a number. */
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

export interface PointLine {
  readonly metrics: Readonly<Record<string, number>>;
  readonly step: number | bigint;
  readonly timestamp?: Date;
}

/** The values of `key=value`; the key ends at the last `=`, since keys may hold some. */
export function metricsOf(pairs: readonly string[]): Record<string, number> {
  const metrics = new Map<string, number>();
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    const value = numberOf(pair.slice(at + 1));
    if (at < 1 || value === null) throw new UsageError(`Expected key=number, got “${pair}”.`);
    // In lines, too, these are no metrics: nobody who writes one of them here wants one.
    if (pair.startsWith('step=')) throw new UsageError(`“${pair}”: the step of the values goes with --step.`);
    const key = pair.slice(0, at);
    if (metrics.has(key)) throw new UsageError(`“${key}” is there twice.`);
    metrics.set(key, value);
  }
  return Object.fromEntries(metrics);
}

/** What a line of JSON says, or the sentence that says what is wrong with it. */
export function pointLineOf(line: string): PointLine | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return `it is not JSON: ${(error as Error).message}`;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'expected an object';
  const { step: saidStep = 0, timestamp, ...values } = json as Readonly<Record<string, unknown>>;
  const step = stepOf(saidStep);
  if (step === null) return 'step: expected a whole number, beyond 2^53 as text';
  const metrics = new Map<string, number>();
  for (const [key, value] of Object.entries(values)) {
    const number = typeof value === 'number' ? value : SPECIAL.get(String(value));
    if (number === undefined) return `“${key.slice(0, 60)}”: expected a number`;
    metrics.set(key, number);
  }
  const point = { metrics: Object.fromEntries(metrics), step };
  if (timestamp === undefined) return point;
  if (typeof timestamp !== 'string') return 'timestamp: expected a time in ISO 8601';
  return { ...point, timestamp: new Date(timestamp) };
}

/** Null where it is no whole number, or one that a JSON number cannot hold exactly. */
export function stepOf(step: unknown): number | bigint | null {
  if (typeof step === 'string') return /^-?\d{1,19}$/.test(step) ? BigInt(step) : null;
  return Number.isSafeInteger(step) ? (step as number) : null;
}

function numberOf(text: string): number | null {
  return SPECIAL.get(text) ?? (NUMBER.test(text) ? Number(text) : null);
}
