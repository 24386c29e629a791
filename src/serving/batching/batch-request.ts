import type { Tensor } from '../../kernel/tensors/tensor';
import type { ModelFile, RanOn } from '../backends/backend';
import type { BatchGroup } from './batch-group';
import type { BatchPolicy, CloseReason } from './batch-policy';

/** Callers who wait go in this order; one who waits long enough is refused at the deadline, whatever comes before. */
export const PRIORITIES = ['HIGH', 'NORMAL', 'LOW'] as const;
export type Priority = (typeof PRIORITIES)[number];
const NORMAL = PRIORITIES.indexOf('NORMAL');

export interface BatchRequest {
  readonly file: ModelFile;
  /** Whether rows of several callers may share a run, as inspection found. */
  readonly batchable: boolean;
  /** How the endpoint's requests are batched; the batcher's own way where absent. One object for many requests. */
  readonly policy?: BatchPolicy;
  /** Who comes first among those who wait; normal where absent. */
  readonly priority?: Priority;
  /** Belong to the batcher until the run has ended. Where batchable, all have the same number of rows. */
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted; absent or empty: all. */
  readonly outputs?: readonly string[];
  /** Until when the caller waits for the answer, on performance.now()'s clock, in ms. */
  readonly deadlineAt: number;
  /** Aborted where the caller has left: the request costs nothing more, unless its run has begun. */
  readonly signal?: AbortSignal;
  /** As `signal`, for callers that only can be asked: looked at when the request would be run. */
  readonly isAbandoned?: () => boolean;
}

export interface BatchAnswer {
  /** The caller's own rows, as views into the batch's memory: copy what is kept for long. */
  readonly outputs: readonly Tensor[];
  /** Rows of all callers in the run. */
  readonly batchSize: number;
  /** From arrival to dispatch, in ms. */
  readonly queueMs: number;
  /** Time inside the runtime, for the whole batch, in ms. */
  readonly computeMs: number;
  readonly ranOn?: RanOn | undefined;
  /** Why the batch was closed: told to one of its callers, so that who counts them counts it once; null to the others. */
  readonly closed: CloseReason | null;
}

/** A request on its way: waits in a group, then is part of a batch, and is settled once, at any time. */
export class PendingRequest {
  readonly answer: Promise<BatchAnswer>;
  /** Place of its priority: lower goes first. */
  readonly rank: number;
  /** True once it must not share a run: the model is not batchable, or a shared run of it was refused. */
  alone: boolean;
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
    this.alone = !request.batchable;
    this.rank = request.priority === undefined ? NORMAL : PRIORITIES.indexOf(request.priority);
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
