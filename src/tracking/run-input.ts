import { shorten, type InvalidInput } from '../kernel/errors';
import {
  InputCheck,
  MAX_KEY_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PROSE_LENGTH,
  MAX_VALUE_LENGTH,
} from '../kernel/input-check';
import type { KeyValue, MetricPoint, Source } from './run';

export interface CreateExperimentInput {
  readonly name: string;
  readonly description?: string | null;
  readonly tags?: readonly KeyValue[] | null;
}
export interface StartRunInput {
  readonly experiment: string;
  readonly name?: string | null;
  readonly params?: readonly KeyValue[] | null;
  readonly tags?: readonly KeyValue[] | null;
  /** References such as `penguins@3`. */
  readonly datasets?: readonly string[] | null;
  readonly parentRunId?: string | null;
  readonly source?: Source | null;
  readonly idempotencyKey?: string | null;
}
export interface LogMetricsInput {
  readonly runId: string;
  readonly points: readonly MetricPoint[];
  readonly idempotencyKey?: string | null;
}

/** Points of one call: 2.4 MB, a tenth of a second of writing, in which no other writer of the run gets its turn. */
export const MAX_POINTS_PER_CALL = 100_000;
/** Series of one call: each is a row of its own. */
export const MAX_SERIES_PER_CALL = 1_000;
/** Series of one run: a screen lists them all. */
export const MAX_SERIES_PER_RUN = 10_000;
/** Params or tags of one call. */
export const MAX_FACTS_PER_CALL = 1_000;
/** Params of one run: a screen lists them all. */
export const MAX_PARAMS_PER_RUN = 2_000;
/** Datasets of one run. */
export const MAX_DATASETS_PER_RUN = 100;

export function checkExperiment({ name, description, tags }: CreateExperimentInput): InvalidInput | null {
  const check = new InputCheck().text('name', name, MAX_NAME_LENGTH);
  check.optionalText('description', description, MAX_PROSE_LENGTH);
  checkFacts(check, 'tags', tags ?? []);
  return check.result();
}

export function checkRun(input: StartRunInput): InvalidInput | null {
  const check = new InputCheck().text('experiment', input.experiment, MAX_NAME_LENGTH);
  if (input.name !== null && input.name !== undefined) check.text('name', input.name, MAX_NAME_LENGTH);
  checkFacts(check, 'params', input.params ?? []);
  checkFacts(check, 'tags', input.tags ?? []);
  check.count('datasets', input.datasets?.length ?? 0, MAX_DATASETS_PER_RUN);
  check.optionalText('source.repository', input.source?.repository, MAX_VALUE_LENGTH);
  check.optionalText('source.commit', input.source?.commit, MAX_NAME_LENGTH);
  check.optionalText('source.entryPoint', input.source?.entryPoint, MAX_VALUE_LENGTH);
  checkIdempotencyKey(check, input.idempotencyKey);
  return check.result();
}

export function checkParams(params: readonly KeyValue[]): InvalidInput | null {
  const check = new InputCheck();
  checkFacts(check, 'params', params);
  return check.result();
}

export function checkPoints({ points, idempotencyKey }: LogMetricsInput): InvalidInput | null {
  const check = new InputCheck().count('points', points.length, MAX_POINTS_PER_CALL);
  if (points.length > MAX_POINTS_PER_CALL) return check.result();
  const keys = new Set<string>();
  for (let index = 0; index < points.length; index++) {
    const { key, timestamp } = points[index] as MetricPoint;
    if (timestamp && Number.isNaN(timestamp.getTime())) {
      check.add(`points[${index}].timestamp`, 'a time', 'something else');
    }
    if (keys.has(key)) continue;
    keys.add(key);
    check.text(`points[${index}].key`, key, MAX_KEY_LENGTH);
    if (keys.size > MAX_SERIES_PER_CALL) {
      check.add('points', `at most ${MAX_SERIES_PER_CALL} different keys`, `more, from points[${index}] on`);
      break;
    }
  }
  checkIdempotencyKey(check, idempotencyKey);
  return check.result();
}

function checkFacts(check: InputCheck, path: string, facts: readonly KeyValue[]): void {
  check.count(path, facts.length, MAX_FACTS_PER_CALL);
  if (facts.length > MAX_FACTS_PER_CALL) return;
  const seen = new Map<string, number>();
  facts.forEach(({ key, value }, index) => {
    check.text(`${path}[${index}].key`, key, MAX_KEY_LENGTH);
    check.optionalText(`${path}[${index}].value`, value, MAX_VALUE_LENGTH);
    const first = seen.get(key);
    if (first !== undefined) {
      check.add(`${path}[${index}].key`, 'each key once', `“${shorten(key)}” as in ${path}[${first}]`);
    }
    seen.set(key, index);
  });
}

function checkIdempotencyKey(check: InputCheck, key: string | null | undefined): void {
  if (key !== null && key !== undefined) check.text('idempotencyKey', key, MAX_NAME_LENGTH);
}
