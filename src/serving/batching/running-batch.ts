import type { CloseReason } from './batch-policy';
import { earliestDeadline, type PendingRequest } from './batch-group';

/**
 * Requests that share a run. Who can wait no longer leaves by being settled, and the run goes on for the others; where
 * nobody is left, it is stopped in lanes that can, and goes on for nobody elsewhere.
 */
export class RunningBatch {
  /** The earliest deadline of those who still wait for the answer. */
  dueAt: number;

  constructor(
    readonly requests: readonly PendingRequest[],
    readonly rows: number,
    readonly closed: CloseReason,
    private readonly stop?: AbortController,
  ) {
    this.dueAt = earliestDeadline(requests);
  }

  rejectOverdue(now: number, error: () => Error): void {
    if (this.dueAt > now) return;
    for (const pending of this.requests)
      if (!pending.settled && pending.request.deadlineAt <= now) pending.reject(error());
    this.dueAt = earliestDeadline(this.requests);
    this.stopIfDeserted();
  }

  stopIfDeserted(): void {
    if (this.stop && this.requests.every(({ settled }) => settled)) this.stop.abort();
  }

  get signal(): AbortSignal | undefined {
    return this.stop?.signal;
  }

  rejectAll(error: unknown): void {
    for (const pending of this.requests) pending.reject(error);
  }
}
