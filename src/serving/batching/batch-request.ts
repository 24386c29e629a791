import type { Tensor } from '../../kernel/tensors/tensor';
import type { ModelFile, RanOn } from '../execution/backend';
import type { Sequence } from '../execution/sequence';
import type { Priority } from './priority';
import type { BatchPolicy, CloseReason } from './batch-policy';

export interface BatchRequest {
  readonly file: ModelFile;
  /** Whether rows of several callers may share a run, as inspection found. */
  readonly batchable: boolean;
  /** How the endpoint's requests are batched; the batcher's own way where absent. One object for many requests. */
  readonly policy?: BatchPolicy;
  /** Of a question that must be asked alone, and once; its rows count as any others. */
  readonly sequence?: Sequence | undefined;
  /** Who comes first among those who wait; normal where absent. */
  readonly priority?: Priority;
  /** Belong to the batcher until the run has ended. Where batchable, all have the same number of rows. */
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted; absent or empty: all. */
  readonly outputs?: readonly string[];
  /** Until when the caller waits for the answer, on performance.now()'s clock, in ms. */
  readonly deadlineAt: number;
  /** Aborted where the caller has left: the request costs nothing more, unless its run has begun. */
  readonly signal?: AbortSignal;
  /** As `signal`, for callers that only can be asked: looked at when the request would be run. */
  readonly isAbandoned?: () => boolean;
}

export interface BatchAnswer {
  /** The caller's own rows, as views into the batch's memory: copy what is kept for long. */
  readonly outputs: readonly Tensor[];
  /** Rows of all callers in the run. */
  readonly batchSize: number;
  /** From arrival to dispatch, and for a process where it was sent, in ms. */
  readonly queueMs: number;
  /** Time inside the runtime, for the whole batch, in ms. */
  readonly computeMs: number;
  readonly ranOn?: RanOn | undefined;
  /**
   * Why the batch was closed: told to one of its callers, so that who counts them counts it once; null to the others.
   */
  readonly closed: CloseReason | null;
}
