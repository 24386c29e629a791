import type { Metadata } from '@grpc/grpc-js';
import { LONGEST_HOLD_MS } from '../worker/quarantine';

/** In the trailing metadata of a call that was refused: after how many milliseconds another try makes sense. */
const RETRY_AFTER_MS_KEY = 'modelgraph-retry-after-ms';

export function writeRetryAfter(metadata: Metadata, retryAfterMs: number | undefined): void {
  if (retryAfterMs !== undefined) metadata.set(RETRY_AFTER_MS_KEY, String(Math.ceil(retryAfterMs)));
}

export function readRetryAfter(metadata: Metadata): number | undefined {
  const [said] = metadata.get(RETRY_AFTER_MS_KEY);
  return typeof said === 'string' && /^\d+$/.test(said) ? boundedRetryAfter(Number(said)) : undefined;
}

/**
 * What another process says, if it is a time at all: no model is held back longer, so nobody is sent away for longer.
 */
export const boundedRetryAfter = (said: unknown): number | undefined =>
  typeof said === 'number' && said >= 0 ? Math.min(Math.ceil(said), LONGEST_HOLD_MS) : undefined;
