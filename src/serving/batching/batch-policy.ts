import type { EndpointSettings } from '../endpoints/endpoint-settings';
import type { RunLimits } from './run-cost';

/** Why a batch went off with the rows that it had. */
export const CLOSE_REASONS = ['idle', 'full', 'delay', 'objective', 'deadline', 'alone'] as const;

/**
 * `idle`: a worker was free, nothing more waited. `full`: the largest batch allowed. `delay`: the time to wait
 * for company was over. `objective`: more rows would have taken longer than the latency objective.
 * `deadline`: a caller could wait no longer. `alone`: the request may not share a run.
 */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** What each endpoint decides for itself. */
export type BatchPolicy = RunLimits & Pick<EndpointSettings, 'maxDelayMs' | 'maxQueue' | 'batchSizes'>;

/**
 * A run that is expected to take no longer than this, in ms, is worth waiting for rather than taking another worker:
 * passing a batch on costs the server's one thread about a tenth of a millisecond, and bigger batches cost less a row.
 */
const SHORT_RUN_MS = 0.5;

/** What the policy needs to know of one waiting request. */
export interface Waiting {
  readonly rows: number;
  readonly alone: boolean;
}

/** What the policy needs to know of those who may share the next run. */
export interface WaitingGroup {
  readonly waiting: readonly { readonly arrivedAt: number; readonly alone: boolean }[];
  readonly rows: number;
  /** The earliest deadline, on the clock of `arrivedAt`. */
  readonly dueAt: number;
  readonly model: {
    /** Runs of the model on their way; each end of one is a new look at who waits. */
    readonly running: number;
    readonly cost: { predictMs(rows: number): number };
  };
}

export interface BatchPlan {
  /** Requests to take from the front. */
  readonly count: number;
  readonly rows: number;
  /** What bounded the batch; undefined where everything that waits fits in. */
  readonly bound: 'full' | 'objective' | 'alone' | undefined;
}

/**
 * How many of the waiting requests go into the next batch: whole requests, in order, at least one, which may be
 * larger than any limit by itself.
 *
 * @param cap rows that the latency objective allows
 */
export function planBatch(waiting: readonly Waiting[], maxBatch: number, cap: number): BatchPlan {
  let rows = 0;
  let count = 0;
  for (const request of waiting) {
    if (count > 0) {
      if (request.alone) return { count, rows, bound: 'alone' };
      if (rows + request.rows > Math.min(cap, maxBatch))
        return { count, rows, bound: cap < maxBatch ? 'objective' : 'full' };
    }
    rows += request.rows;
    count++;
    if (request.alone) return { count, rows, bound: 'alone' };
  }
  return { count, rows, bound: rows >= maxBatch ? 'full' : rows >= cap ? 'objective' : undefined };
}

/**
 * Why a group may go to an idle worker now; undefined where it had better wait for company.
 *
 * @param cap rows that the latency objective allows
 */
export function readiness(
  { waiting, rows, dueAt, model }: WaitingGroup,
  { maxDelayMs, maxBatch }: BatchPolicy,
  cap: number,
  now: number,
): CloseReason | undefined {
  const [oldest] = waiting;
  if (oldest === undefined) return undefined;
  if (model.running > 0 && rows < cap && isShort(model.cost.predictMs(rows))) return undefined;
  if (maxDelayMs === 0 || oldest.alone) return 'idle';
  if (rows >= cap) return rows >= maxBatch ? 'full' : 'objective';
  const delayEndsAt = oldest.arrivedAt + maxDelayMs;
  if (now >= delayEndsAt) return 'delay';
  return dueAt <= delayEndsAt ? 'deadline' : undefined;
}

/** Nothing is known of a model before its first run: 0 is no prediction. */
export const isShort = (expectedMs: number): boolean => expectedMs > 0 && expectedMs <= SHORT_RUN_MS;

/** When a group must be looked at again, unless something happens before. */
export function lookAgainAt(
  { waiting, dueAt }: WaitingGroup,
  { maxDelayMs }: BatchPolicy,
  now: number,
): number {
  const delayEndsAt = (waiting[0]?.arrivedAt ?? now) + maxDelayMs;
  return delayEndsAt > now ? Math.min(dueAt, delayEndsAt) : dueAt;
}

/** Rows that the run has: the next size that the policy names, where it names some and one fits. */
export function paddedSize(
  rows: number,
  [first]: readonly { readonly alone: boolean }[],
  { batchSizes }: Pick<BatchPolicy, 'batchSizes'>,
): number {
  if (batchSizes.length === 0 || rows === 0 || first?.alone) return rows;
  return batchSizes.find((size) => size >= rows) ?? rows;
}
