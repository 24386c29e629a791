import type { InputCheck } from '../../kernel/input-check';
import { MAX_TIMEOUT_MS, type Priority } from '../../serving/serving';
import { isLevel, LEVELS, priorityAt } from '../priority-level';

/** Longest that a caller may wait, in µs, as `parameters.timeout` says it. */
const MAX_TIMEOUT_US = MAX_TIMEOUT_MS * 1000;

/**
 * What a caller must not ask for, and what is possible instead. Whoever can name memory, files or addresses of the
 * server's could read what is not theirs.
 */
export const REFUSED_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['shared_memory_region', 'values in the request itself; the server shares no memory with its callers'],
  ['shared_memory_offset', 'values in the request itself; the server shares no memory with its callers'],
  ['shared_memory_byte_size', 'values in the request itself; the server shares no memory with its callers'],
  ['file', 'values in the request itself; the server opens no files for its callers'],
  ['uri', 'values in the request itself; the server fetches nothing for its callers'],
  ['classification', 'a parameter of an output, which names so many classes then'],
]);

/** Parameters of one request, input or output that are looked at: as many as gRPC reads of a whole request. */
const MAX_PARAMETERS = 1_000;

export type Json = Readonly<Record<string, unknown>>;
const NONE: Json = {};

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What many typed clients write for a field that was not set. */
export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

/** What came, in a few words. */
export function describeJson(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return String(value); // JSON writes null for one like 1e400, which is read as infinity
  return isObject(value) ? 'an object' : JSON.stringify(value).slice(0, 60);
}

/**
 * The parameters of a request, an input or an output. Those that nobody here knows are the caller's own.
 *
 * @param taken name of one that is taken here, though not elsewhere
 */
export function parametersOf({ parameters }: Json, path: string, check: InputCheck, taken?: string): Json {
  if (isAbsent(parameters)) return NONE;
  if (!isObject(parameters)) {
    check.add(path, 'an object', describeJson(parameters));
    return NONE;
  }
  let count = 0;
  for (const name in parameters) {
    count += 1;
    if (count > MAX_PARAMETERS) {
      check.add(path, `at most ${MAX_PARAMETERS} of them`, 'more');
      return NONE;
    }
    const instead = REFUSED_PARAMETERS.get(name);
    if (instead !== undefined && name !== taken && !isAbsent(parameters[name]))
      check.add(`${path}.${name}`, instead, describeJson(parameters[name]));
  }
  return parameters;
}

/** A parameter that is true or false; undefined where it is not given. */
export function flagOf(parameters: Json, name: string, path: string, check: InputCheck): boolean | undefined {
  const value = parameters[name];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'boolean') return value;
  check.add(`${path}.${name}`, 'true or false', describeJson(value));
  return undefined;
}

/** How long the caller waits, in ms, which it says in µs; null where it does not say. */
export function timeoutMsOf(timeoutUs: unknown, path: string, check: InputCheck): number | null {
  if (isAbsent(timeoutUs)) return null;
  if (typeof timeoutUs !== 'number' || !(timeoutUs >= 1 && timeoutUs <= MAX_TIMEOUT_US)) {
    check.add(path, `1 to ${MAX_TIMEOUT_US} µs`, describeJson(timeoutUs));
    return null;
  }
  return Math.max(1, timeoutUs / 1000); // clocks and queues are not finer than a millisecond
}

/** Calls of one key go to one variant. */
export function routingKeyOf(value: unknown, path: string, check: InputCheck): string | null {
  if (isAbsent(value) || typeof value === 'string') return value ?? null;
  check.add(path, 'a text', describeJson(value));
  return null;
}

export function priorityOf(level: unknown, path: string, check: InputCheck): Priority | null {
  if (isAbsent(level)) return null;
  if (isLevel(level)) return priorityAt(level);
  check.add(path, LEVELS, describeJson(level));
  return null;
}

/** Whoever wants one output twice means something that the answer, where each has a name, could not say. */
export function checkOnce(outputs: readonly { readonly name?: unknown }[], check: InputCheck): void {
  if (outputs.length < 2) return;
  const seen = new Set<unknown>();
  outputs.forEach(({ name }, index) => {
    if (seen.has(name)) check.add(`outputs[${index}].name`, 'each output once', describeJson(name));
    seen.add(name);
  });
}
