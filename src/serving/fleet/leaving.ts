import { setTimeout } from 'node:timers/promises';
import type { WorkerNode } from './worker-node';

/** Longest that a worker waits for `api` processes to hear that it leaves, in ms: each asks twice a second. */
const HEARD_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 50;

/**
 * The worker leaves: resolves once every `api` process that asks it knows, so that none sends it anything any more; or
 * when that takes too long, and whoever still comes is refused and asks another worker.
 */
export async function untilKnown(node: WorkerNode): Promise<void> {
  node.leave();
  const until = performance.now() + HEARD_WITHIN_MS;
  while (performance.now() < until && !node.isKnownToLeave(HEARD_WITHIN_MS)) await setTimeout(LOOK_EVERY_MS);
}
