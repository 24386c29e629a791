import { earliestDeadline, type PendingRequest } from './batch-request';

/**
 * Requests that share a run. A run cannot be stopped, so who can wait no longer leaves by being settled; the run goes
 * on for the others, or for nobody.
 */
export class RunningBatch {
  /** The earliest deadline of those who still wait for the answer. */
  dueAt: number;

  constructor(
    readonly requests: readonly PendingRequest[],
    readonly rows: number,
  ) {
    this.dueAt = earliestDeadline(requests);
  }

  rejectOverdue(now: number, error: () => Error): void {
    if (this.dueAt > now) return;
    for (const pending of this.requests)
      if (!pending.settled && pending.request.deadlineAt <= now) pending.reject(error());
    this.dueAt = earliestDeadline(this.requests);
  }

  rejectAll(error: unknown): void {
    for (const pending of this.requests) pending.reject(error);
  }
}
