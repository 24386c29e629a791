import { cores } from '../../kernel/machine';
import type { BatchPolicy } from './batch-policy';
import { DEFAULT_SETTINGS } from '../endpoints/endpoint-settings';

/** What holds for all requests, and the policy of those that bring none. */
export type BatcherOptions = BatchPolicy & {
  /** Bytes of all inputs that may wait for one lane of the backend, of all its models. */
  readonly maxQueuedBytes: number;
  /** Wall-clock limit of a run, in ms; past it its worker is killed. */
  readonly runLimitMs: number;
  /** Whether there is a processor to spare, so that this process may wait for a short run without sleeping. */
  readonly mayStayAwake: boolean;
  /** Calls `task` once the event loop has heard all that has arrived by now. */
  readonly nextTurn: (task: () => void) => void;
};

export const BATCHER_DEFAULTS: BatcherOptions = {
  ...DEFAULT_SETTINGS,
  maxQueuedBytes: 256 * 1024 * 1024, // image tensors fill memory long before they fill the row limit
  runLimitMs: 30_000, // longer than any model worth serving interactively, shorter than a client's patience
  mayStayAwake: cores() > 1,
  nextTurn: setImmediate,
};
