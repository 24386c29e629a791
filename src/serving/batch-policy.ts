import type { RunLimits } from './run-cost';

/** Why a batch went off with the rows that it had. */
export const CLOSE_REASONS = ['idle', 'full', 'delay', 'objective', 'deadline', 'alone'] as const;

/**
 * `idle`: a worker was free, nothing more waited. `full`: the largest batch allowed. `delay`: the time to wait
 * for company was over. `objective`: more rows would have taken longer than the latency objective.
 * `deadline`: a caller could wait no longer. `alone`: the request may not share a run.
 */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** What may be decided for each model apart. */
export interface BatchPolicy extends RunLimits {
  /** How long an idle worker waits for a batch to fill, in ms. 0 means that it never waits. */
  readonly delayMs: number;
}

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
  { waiting, rows, dueAt }: WaitingGroup,
  { delayMs, maxBatch }: BatchPolicy,
  cap: number,
  now: number,
): CloseReason | undefined {
  const [oldest] = waiting;
  if (oldest === undefined) return undefined;
  if (delayMs === 0 || oldest.alone) return 'idle';
  if (rows >= cap) return rows >= maxBatch ? 'full' : 'objective';
  const delayEndsAt = oldest.arrivedAt + delayMs;
  if (now >= delayEndsAt) return 'delay';
  return dueAt <= delayEndsAt ? 'deadline' : undefined;
}

/** When a group must be looked at again, unless something happens before. */
export function lookAgainAt({ waiting, dueAt }: WaitingGroup, { delayMs }: BatchPolicy, now: number): number {
  const delayEndsAt = (waiting[0]?.arrivedAt ?? now) + delayMs;
  return delayEndsAt > now ? Math.min(dueAt, delayEndsAt) : dueAt;
}
