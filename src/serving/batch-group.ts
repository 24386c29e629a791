import type { BatchRequest, PendingRequest } from './batch-request';
import type { RunCost } from './batch-policy';

/** What is known of one model: what its runs cost, and how much of it waits, over all its groups. */
export interface ModelQueue {
  readonly cost: RunCost;
  queuedRows: number;
}

/** Requests that may meet in one batch: same model, inputs alike apart from axis 0, same outputs wanted. */
export class BatchGroup {
  readonly waiting: PendingRequest[] = [];
  rows = 0;
  /** Wakes the batcher when a delay or a deadline is over; one timer for all that wait here. */
  timer: NodeJS.Timeout | undefined;
  timerAt = Infinity;

  constructor(
    readonly key: string,
    readonly model: ModelQueue,
  ) {}

  /** The earliest time at which somebody here can wait no longer. */
  earliestDeadline(): number {
    let earliest = Infinity;
    for (const { request } of this.waiting) earliest = Math.min(earliest, request.deadlineAt);
    return earliest;
  }

  /** The strictest latency objective among those who would share the next batch, in ms. */
  objectiveMs(defaultMs: number): number {
    let strictest = Infinity;
    for (const { request } of this.waiting) strictest = Math.min(strictest, request.objectiveMs ?? defaultMs);
    return strictest;
  }

  clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerAt = Infinity;
  }
}

/** Separates the parts of a key; names hold no control characters. */
const SEPARATOR = '\u0000';

/** Equal for requests that may share a run, and only for those. */
export function groupKey({ file, inputs, outputs }: BatchRequest): string {
  let key = file.sha256;
  for (const { name, datatype, shape } of inputs) {
    key += SEPARATOR + name + SEPARATOR + datatype;
    for (let axis = 1; axis < shape.length; axis++) key += ',' + shape[axis];
    // [N] and a scalar are not alike.
    if (shape.length === 0) key += ';';
  }
  if (outputs !== undefined && outputs.length > 0) key += SEPARATOR + SEPARATOR + outputs.join(SEPARATOR);
  return key;
}
