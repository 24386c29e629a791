import type { BatchPolicy } from './batch-policy';
import type { BatchRequest } from './batch-request';

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

/**
 * Equal for requests that may share a run, and only for those.
 *
 * @param isSuspect whether a run that it shared has ended a worker
 */
export function groupKey(
  { file, inputs, outputs, sequence }: BatchRequest,
  policy: BatchPolicy,
  isSuspect: boolean,
): string {
  let key = file.sha256 + SEPARATOR + policyKey(policy);
  if (isSuspect) key = SEPARATOR + key;
  // Whoever must be asked alone waits in no group that shares runs.
  if (sequence !== undefined) key = SEPARATOR + SEPARATOR + key;
  for (const { name, datatype, shape } of inputs) {
    key += SEPARATOR + name + SEPARATOR + datatype;
    for (let axis = 1; axis < shape.length; axis++) key += ',' + shape[axis];
    // [N] and a scalar are not alike.
    if (shape.length === 0) key += ';';
  }
  if (outputs !== undefined && outputs.length > 0) key += SEPARATOR + SEPARATOR + outputs.join(SEPARATOR);
  return key;
}
