import type { Lane } from '../backends/backend';
import type { BatchPolicy } from './batch-policy';
import type { BatchRequest, PendingRequest } from './batch-request';
import type { RunCost } from './run-cost';

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
  queuedRows: number;
  /** Runs on their way. */
  running: number;
}

/** Requests that may meet in one batch: same model and policy, inputs alike apart from axis 0, same outputs wanted. */
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

/** Separates the parts of a key; names hold no control characters. */
const SEPARATOR = '\u0000';

/** Equal policies have equal keys; an endpoint's policy is one object for many requests, so its key is made once. */
const policyKeys = new WeakMap<BatchPolicy, string>();

function policyKey(policy: BatchPolicy): string {
  const known = policyKeys.get(policy);
  if (known !== undefined) return known;
  const { maxBatch, maxDelayMs, latencyObjectiveMs, maxQueue, batchSizes } = policy;
  const key = [maxBatch, maxDelayMs, latencyObjectiveMs, maxQueue, ...batchSizes].join(' ');
  policyKeys.set(policy, key);
  return key;
}

/** Equal for requests that may share a run, and only for those. */
export function groupKey({ file, inputs, outputs }: BatchRequest, policy: BatchPolicy): string {
  let key = file.sha256 + SEPARATOR + policyKey(policy);
  for (const { name, datatype, shape } of inputs) {
    key += SEPARATOR + name + SEPARATOR + datatype;
    for (let axis = 1; axis < shape.length; axis++) key += ',' + shape[axis];
    // [N] and a scalar are not alike.
    if (shape.length === 0) key += ';';
  }
  if (outputs !== undefined && outputs.length > 0) key += SEPARATOR + SEPARATOR + outputs.join(SEPARATOR);
  return key;
}
