import { shorten, type InvalidInput } from '../kernel/errors';
import {
  InputCheck,
  MAX_KEY_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PROSE_LENGTH,
  MAX_VALUE_LENGTH,
} from '../kernel/input-check';
import type { ExperimentId, KeyValue, MetricPoint, Source } from './run';
import type { SetupInput } from './setup/run-setup';
import { checkSource } from './setup/setup-input';
import { sourceInTags } from './setup/source-tags';

export interface CreateExperimentInput {
  readonly name: string;
  readonly description?: string | null;
  readonly tags?: readonly KeyValue[] | null;
}
export interface UpdateExperimentInput {
  readonly experimentId: string;
  /** Null or absent: as it is. */
  readonly name?: string | null;
  /** Null takes it away; absent leaves it. */
  readonly description?: string | null;
  readonly tags?: readonly KeyValue[] | null;
  /** Keys; those that are not there are no fault. They are taken away before `tags` are put. */
  readonly removeTags?: readonly string[] | null;
}
export interface UpdateRunInput {
  readonly runId: string;
  /** Null or absent: as it is. */
  readonly name?: string | null;
  readonly tags?: readonly KeyValue[] | null;
  /** Keys; those that are not there are no fault. They are taken away before `tags` are put. */
  readonly removeTags?: readonly string[] | null;
}
/** Facts of the setup, told at once; see `describeRun`. */
export interface StartRunInput extends SetupInput {
  /** By its name, and made where there is none; or by its id. */
  readonly experiment: string | { readonly id: ExperimentId };
  readonly name?: string | null;
  readonly params?: readonly KeyValue[] | null;
  readonly tags?: readonly KeyValue[] | null;
  /** References such as `penguins@3`. */
  readonly datasets?: readonly string[] | null;
  readonly parentRunId?: string | null;
  /** Null or absent: now. */
  readonly startedAt?: Date | null;
  readonly source?: Source | null;
  /** It waits for its beginning, and takes nothing before. */
  readonly scheduled?: boolean | null;
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
/**
 * Series of one call that are about logged models, or about data in their clients' words: three for each point of the
 * largest batch of MLflow's.
 */
export const MAX_MEASURED_SERIES_PER_CALL = 3_000;
/** Series of one run: a screen lists them all. */
export const MAX_SERIES_PER_RUN = 10_000;
/** Params or tags of one call. */
export const MAX_FACTS_PER_CALL = 1_000;
/** Tags of one thing: a screen lists them all. */
export const MAX_TAGS = 2_000;
/** Longest value of a tag, in characters; MLflow's limit. */
export const MAX_TAG_VALUE_LENGTH = 8_000;
/** Params of one run: a screen lists them all. */
export const MAX_PARAMS_PER_RUN = 2_000;
/** Datasets of one run. */
export const MAX_DATASETS_PER_RUN = 100;

export function checkExperiment({ name, description, tags }: CreateExperimentInput): InvalidInput | null {
  const check = new InputCheck().text('name', name, MAX_NAME_LENGTH);
  check.optionalText('description', description, MAX_PROSE_LENGTH);
  checkTags(check, tags ?? []);
  return check.result();
}

export function checkExperimentUpdate(input: UpdateExperimentInput): InvalidInput | null {
  const check = new InputCheck().optionalText('description', input.description, MAX_PROSE_LENGTH);
  return checkNameAndTags(check, input);
}

export function checkRunUpdate(input: UpdateRunInput): InvalidInput | null {
  const check = new InputCheck();
  checkSourceTags(check, input.tags ?? []);
  return checkNameAndTags(check, input);
}

function checkNameAndTags(
  check: InputCheck,
  { name, tags, removeTags }: Pick<UpdateRunInput, 'name' | 'tags' | 'removeTags'>,
): InvalidInput | null {
  if (name !== null && name !== undefined) check.text('name', name, MAX_NAME_LENGTH);
  checkTags(check, tags ?? []);
  check.count('removeTags', removeTags?.length ?? 0, MAX_FACTS_PER_CALL);
  removeTags?.forEach((key, index) => check.text(`removeTags[${index}]`, key, MAX_KEY_LENGTH));
  return check.result();
}

export function checkRun(input: StartRunInput): InvalidInput | null {
  const check = new InputCheck();
  if (typeof input.experiment === 'string') check.text('experiment', input.experiment, MAX_NAME_LENGTH);
  if (input.name !== null && input.name !== undefined) check.text('name', input.name, MAX_NAME_LENGTH);
  checkParamList(check, input.params ?? []);
  checkTags(check, input.tags ?? []);
  checkSourceTags(check, input.tags ?? []);
  if (input.startedAt) checkTime(check, 'startedAt', input.startedAt);
  check.count('datasets', input.datasets?.length ?? 0, MAX_DATASETS_PER_RUN);
  checkSource(check, 'source', input.source ?? {});
  checkIdempotencyKey(check, input.idempotencyKey);
  return check.result();
}

export function checkParams(params: readonly KeyValue[]): InvalidInput | null {
  const check = new InputCheck();
  checkParamList(check, params);
  return check.result();
}

export function checkPoints({ points, idempotencyKey }: LogMetricsInput): InvalidInput | null {
  const check = new InputCheck().count('points', points.length, MAX_POINTS_PER_CALL);
  if (points.length > MAX_POINTS_PER_CALL) return check.result();
  const keys = new Set<string>();
  for (let index = 0; index < points.length; index++) {
    const { key, timestamp, dataset, loggedModel } = points[index] as MetricPoint;
    if (timestamp && Number.isNaN(timestamp.getTime())) {
      check.add(`points[${index}].timestamp`, 'a time', 'something else');
    }
    if (dataset === '')
      check.add(`points[${index}].dataset`, 'a reference such as “penguins@3”', 'an empty text');
    if (loggedModel === '')
      check.add(`points[${index}].loggedModel`, 'the id of a logged model', 'an empty text');
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

/** PostgreSQL and JavaScript both know times of these years. */
function checkTime(check: InputCheck, path: string, time: Date): void {
  const year = time.getUTCFullYear();
  if (!(year > 0 && year < 10_000)) check.add(path, 'a time in the years 1 to 9999', 'another one');
}

export const checkParamList = (check: InputCheck, params: readonly KeyValue[]) =>
  checkFacts(check, 'params', params, MAX_VALUE_LENGTH);
export const checkTags = (check: InputCheck, tags: readonly KeyValue[]) =>
  checkFacts(check, 'tags', tags, MAX_TAG_VALUE_LENGTH);
/** Tags that are facts of a run have the limits of those. */
const checkSourceTags = (check: InputCheck, tags: readonly KeyValue[]) =>
  checkSource(check, 'tags', sourceInTags(tags).source);

function checkFacts(check: InputCheck, path: string, facts: readonly KeyValue[], maxLength: number): void {
  check.count(path, facts.length, MAX_FACTS_PER_CALL);
  if (facts.length > MAX_FACTS_PER_CALL) return;
  const seen = new Map<string, number>();
  facts.forEach(({ key, value }, index) => {
    check.text(`${path}[${index}].key`, key, MAX_KEY_LENGTH);
    check.optionalText(`${path}[${index}].value`, value, maxLength);
    const first = seen.get(key);
    if (first !== undefined) {
      check.add(`${path}[${index}].key`, 'each key once', `“${shorten(key)}” as in ${path}[${first}]`);
    }
    seen.set(key, index);
  });
}

export function checkIdempotencyKey(check: InputCheck, key: string | null | undefined): void {
  if (key !== null && key !== undefined) check.text('idempotencyKey', key, MAX_NAME_LENGTH);
}
