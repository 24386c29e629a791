import type { Lane } from '../execution/backend';
import type { BatchPolicy } from './batch-policy';
import type { RunCost } from './run-cost';
import type { BatchRequest, BatchAnswer } from './batch-request';
import { DEFAULT_PRIORITY, PRIORITIES } from './priority';

/** A request on its way: waits in a group, then is part of a batch, and is settled once, at any time. */
export class PendingRequest {
  readonly answer: Promise<BatchAnswer>;
  /** Place of its priority: lower goes first. */
  readonly rank: number;
  /**
   * True once it must not share a run: the model is not batchable, it is of a sequence, or a shared run of it was
   * refused.
   */
  alone: boolean;
  /** True once a run that it shared has ended a worker: it may be the one that does. */
  suspect = false;
  /** Where it waits; undefined before and afterwards. */
  group: BatchGroup | undefined = undefined;
  /** When it left the queue, on performance.now()'s clock. */
  dispatchedAt = 0;
  settled = false;
  private resolve: (answer: BatchAnswer) => void;
  private rejectPromise: (error: unknown) => void;
  private onAbort: (() => void) | undefined;

  constructor(
    readonly request: BatchRequest,
    readonly rows: number,
    readonly bytes: number,
    readonly arrivedAt: number,
  ) {
    this.alone = !request.batchable || request.sequence !== undefined;
    this.rank = PRIORITIES.indexOf(request.priority ?? DEFAULT_PRIORITY);
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.rejectPromise = reject;
    });
  }

  /** Listens until the request is settled: a signal may outlive it. */
  onCallerGone(listener: () => void): void {
    this.onAbort = listener;
    this.request.signal?.addEventListener('abort', listener);
  }

  /** An answer that comes after the caller was told something else is dropped. */
  succeed(answer: BatchAnswer): void {
    if (this.finish()) this.resolve(answer);
  }

  reject(error: unknown): void {
    if (this.finish()) this.rejectPromise(error);
  }

  private finish(): boolean {
    if (this.settled) return false;
    this.settled = true;
    if (this.onAbort) this.request.signal?.removeEventListener('abort', this.onAbort);
    return true;
  }
}

/** When the first of those who still wait for an answer can wait no longer; Infinity where nobody does. */
export function earliestDeadline(requests: readonly PendingRequest[]): number {
  let earliest = Infinity;
  for (const { settled, request } of requests)
    if (!settled && request.deadlineAt < earliest) earliest = request.deadlineAt;
  return earliest;
}

/** What waits for one lane of the backend, over all its models. */
export interface LaneQueue {
  readonly lane: Lane;
  queuedBytes: number;
}

/** What is known of one model: what its runs cost, and how much of it waits, over all its groups. */
export interface ModelQueue {
  readonly sha256: string;
  readonly cost: RunCost;
  readonly place: LaneQueue;
  /** With one for each request that has no row: they wait, too. */
  queuedRows: number;
  /** Runs on their way. */
  running: number;
  /** Whether a suspect is among them: one at a time, since each may cost a worker. */
  triesSuspect: boolean;
}

/**
 * Requests that may meet in one batch: same model and policy, inputs alike apart from axis 0, same outputs wanted.
 * Their suspects wait in a group of their own, so that nobody waits behind them.
 */
export class BatchGroup {
  readonly waiting: PendingRequest[] = [];
  rows = 0;
  /** The earliest deadline of those who wait. */
  dueAt = Infinity;

  constructor(
    readonly key: string,
    readonly model: ModelQueue,
    readonly policy: BatchPolicy,
  ) {}
}
