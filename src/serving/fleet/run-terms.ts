import type { Metadata } from '@grpc/grpc-js';
import type { RunOptions } from '../execution/backend';

/**
 * What a run takes with it besides its tensors, in the metadata of the request. Only whoever has the workers' token can
 * say it, and an `api` process says what its own batcher has seen: nothing of it comes from a caller.
 */
export type RunTerms = Required<Pick<RunOptions, 'timeoutMs' | 'shared' | 'suspect'>>;

/** After how many milliseconds the run is ended with its process. */
const TIMEOUT_MS_KEY = 'modelgraph-timeout-ms';
/**
 * Several callers wait for it, and each has a second try alone where it ends its process: it is not tried again here.
 */
const SHARED_KEY = 'modelgraph-shared';
/** It has met the end of a worker before, so that the next one is no news of its model. */
const SUSPECT_KEY = 'modelgraph-suspect';
const YES = '1';

/** Wall-clock limit of a run whose caller names none, in ms, and the longest that is taken. */
const RUN_LIMIT_MS = 30_000;
const LONGEST_RUN_MS = 600_000;

export function writeRunTerms(metadata: Metadata, { timeoutMs, shared, suspect }: RunTerms): void {
  metadata.set(TIMEOUT_MS_KEY, String(timeoutMs));
  if (shared) metadata.set(SHARED_KEY, YES);
  if (suspect) metadata.set(SUSPECT_KEY, YES);
}

/** What is not said as it should be counts as not said: clients of the protocol alone know none of these words. */
export function readRunTerms(metadata: Metadata): RunTerms {
  const [limit] = metadata.get(TIMEOUT_MS_KEY);
  const timeoutMs = Number(limit ?? RUN_LIMIT_MS);
  const says = (key: string) => metadata.get(key)[0] === YES;
  return {
    timeoutMs: timeoutMs > 0 ? Math.min(timeoutMs, LONGEST_RUN_MS) : RUN_LIMIT_MS,
    shared: says(SHARED_KEY),
    suspect: says(SUSPECT_KEY),
  };
}
