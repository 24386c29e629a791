import { UsageError } from '../command';
import { loadText } from './bench-plan';
import type { MeasuredStage } from './report';

/** What a delivery pipeline insists on. */
export interface Limits {
  /** Errors of all stages together: a number, or a share of all requests. */
  readonly maxErrors: { readonly count: number } | { readonly share: number };
  /** Of every stage, in ms; null: none. */
  readonly maxP99Ms: number | null;
}

export interface Verdict {
  readonly held: boolean;
  /** Sentences, one for each limit that does not hold. */
  readonly broken: readonly string[];
}

/** `10`, or `0.5%`. */
export function maxErrorsOf(text: string): Limits['maxErrors'] {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text) ?? [];
  const value = Number(number);
  if (number !== undefined && percent && value <= 100) return { share: value / 100 };
  if (number !== undefined && !percent && Number.isSafeInteger(value)) return { count: value };
  throw new UsageError(`--max-errors: expected a number such as 10, or a share such as 0.5%, got “${text}”.`);
}

export function verdictOn(stages: readonly MeasuredStage[], { maxErrors, maxP99Ms }: Limits): Verdict {
  const broken: string[] = [];
  const failed = stages.reduce((sum, { measurement }) => sum + measurement.failed, 0);
  const answered = stages.reduce((sum, { measurement }) => sum + measurement.answered, 0);
  const allowed = 'count' in maxErrors ? maxErrors.count : maxErrors.share * (failed + answered);
  if (failed > allowed)
    broken.push(
      `${failed} of ${failed + answered} requests failed; --max-errors allows ${Math.floor(allowed)}.`,
    );
  if (answered === 0) broken.push('Nothing was answered.');
  for (const { load, measurement } of stages) {
    if (maxP99Ms === null || measurement.latencies.count === 0) continue;
    const p99Ms = measurement.latencies.percentile(99) / 1000;
    if (p99Ms > maxP99Ms)
      broken.push(`${loadText(load)}: p99 is ${p99Ms} ms; --max-p99 allows ${maxP99Ms} ms.`);
  }
  return { held: broken.length === 0, broken };
}
