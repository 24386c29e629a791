import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** A line of a metric's file: `timestamp value step`, and what a logged model's file has behind it. */
export interface MetricLine {
  readonly timestampMs: number;
  readonly value: number;
  readonly step: number | bigint;
  readonly rest: readonly string[];
}

/** As Python writes a float. */
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL = /^[+-]?(?:nan|inf|infinity)$/i;
const INTEGER = /^[+-]?\d{1,19}$/;
/** Lines given at a time. */
const LINES = 5_000;

/** Null where the line is none. A line of MLflow's early days has no step. */
export function metricLine(line: string): MetricLine | null {
  const [time = '', text = '', step = '0', ...rest] = line.trim().split(' ');
  const value = floatOf(text);
  if (value === null || !INTEGER.test(time) || !INTEGER.test(step)) return null;
  const integer = BigInt(step);
  const isSafe = Number.isSafeInteger(Number(integer));
  return { timestampMs: Number(time), value, step: isSafe ? Number(integer) : integer, rest };
}

function floatOf(text: string): number | null {
  if (FLOAT.test(text)) return Number(text);
  if (!SPECIAL.test(text)) return null;
  if (/nan/i.test(text)) return NaN;
  return text.startsWith('-') ? -Infinity : Infinity;
}

/** The lines of a file, some at a time; `onBad` hears of those that are none. */
export async function* metricLines(
  path: string,
  onBad: (line: number) => void,
): AsyncGenerator<readonly MetricLine[]> {
  const input = createReadStream(path);
  let some: MetricLine[] = [];
  let number = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (text.trim() === '') continue;
      const line = metricLine(text);
      if (line) some.push(line);
      else onBad(number);
      if (some.length < LINES) continue;
      yield some;
      some = [];
    }
  } finally {
    input.destroy();
  }
  if (some.length > 0) yield some;
}
