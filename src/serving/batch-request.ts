import type { Tensor } from '../kernel/tensor';
import type { ModelFile } from './backends/backend';

export interface BatchRequest {
  readonly file: ModelFile;
  /** Whether rows of several callers may share a run, as inspection found. */
  readonly batchable: boolean;
  /** Belong to the batcher until the answer. Where batchable, all have the same number of rows. */
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted; absent or empty: all. */
  readonly outputs?: readonly string[];
  /** Until when the request may wait to be run, on performance.now()'s clock, in ms. */
  readonly deadlineAt: number;
  /** Ends the request at once; a run that has begun is not stopped, since others may share it. */
  readonly signal?: AbortSignal;
  /** Time one run of this model may take, in ms; absent: the batcher's own. */
  readonly objectiveMs?: number;
}

export interface BatchAnswer {
  /** The caller's own rows, as views into the batch's memory: copy what is kept for long. */
  readonly outputs: readonly Tensor[];
  /** Rows of all callers in the run. */
  readonly batchSize: number;
  /** From arrival to dispatch, in ms. */
  readonly queueMs: number;
  /** Time inside the runtime, for the whole batch, in ms. */
  readonly computeMs: number;
}

/** A request on its way: waits in a group, then is part of a batch, then is settled, once. */
export class PendingRequest {
  readonly answer: Promise<BatchAnswer>;
  /** True once it must not share a run: the model is not batchable, or a shared run of it was refused. */
  alone: boolean;
  /** When it left the queue, on performance.now()'s clock. */
  dispatchedAt = 0;
  settled = false;
  private resolve: (answer: BatchAnswer) => void;
  private rejectPromise: (error: unknown) => void;
  private onAbort: (() => void) | undefined;

  constructor(
    readonly request: BatchRequest,
    readonly rows: number,
    readonly bytes: number,
    readonly arrivedAt: number,
  ) {
    this.alone = !request.batchable;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.rejectPromise = reject;
    });
  }

  /** @param listener called before the caller learns that the request is over */
  watchSignal(listener: () => void): void {
    const { signal } = this.request;
    if (signal === undefined) return;
    if (this.onAbort) signal.removeEventListener('abort', this.onAbort);
    this.onAbort = () => {
      listener();
      this.reject(signal.reason);
    };
    signal.addEventListener('abort', this.onAbort);
  }

  succeed(answer: BatchAnswer): void {
    if (this.finish()) this.resolve(answer);
  }

  reject(error: unknown): void {
    if (this.finish()) this.rejectPromise(error);
  }

  private finish(): boolean {
    if (this.settled) return false;
    this.settled = true;
    if (this.onAbort) this.request.signal?.removeEventListener('abort', this.onAbort);
    return true;
  }
}
