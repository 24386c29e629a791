import { CLOSE_REASONS, type CloseReason } from './batch-policy';

/** What was run since the start, for those who measure. */
export class BatchCounts {
  batches = 0;
  /** Rows of all batches. */
  rows = 0;
  /** Batches by why they were closed. */
  readonly closed = Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Record<
    CloseReason,
    number
  >;

  add(rows: number, reason: CloseReason): void {
    this.batches++;
    this.rows += rows;
    this.closed[reason]++;
  }
}
