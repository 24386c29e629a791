import { CLOSE_REASONS, type CloseReason } from './batch-policy';

/** Batches by why they were closed. */
export type CloseCounts = Record<CloseReason, number>;

export const noneClosed = (): CloseCounts =>
  Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as CloseCounts;

/** What was run since the start, for those who measure. */
export class BatchCounts {
  batches = 0;
  /** Rows of all batches. */
  rows = 0;
  readonly closed = noneClosed();

  add(rows: number, reason: CloseReason): void {
    this.batches++;
    this.rows += rows;
    this.closed[reason]++;
  }
}
