import type { BatchPolicy } from './batch-policy';

export interface BatcherOptions extends BatchPolicy {
  /** Rows of one model that may wait. */
  readonly maxQueuedRows: number;
  /** Bytes of all inputs that may wait, of all models. */
  readonly maxQueuedBytes: number;
  /** Wall-clock limit of a run, in ms; past it its worker is killed. */
  readonly runLimitMs: number;
  /** Calls `task` once the event loop has heard all that has arrived by now. */
  readonly nextTurn: (task: () => void) => void;
}

export const BATCHER_DEFAULTS: BatcherOptions = {
  maxBatch: 128, // beyond it a tiny model gains nothing more, and one caller waits for too many others
  maxQueuedRows: 4_096, // a quarter of a second of a small model: who comes later had better go elsewhere
  maxQueuedBytes: 256 * 1024 * 1024, // image tensors fill memory long before they fill the row limit
  objectiveMs: 20, // what an interactive caller does not notice
  delayMs: 0, // measured: a delay of 1 ms made neither throughput nor latency better
  runLimitMs: 30_000, // longer than any model worth serving interactively, shorter than a client's patience
  nextTurn: setImmediate,
};
