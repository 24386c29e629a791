import type { InvalidInput, NotFound, Refusal, UserError } from '../kernel/errors';
import type { Id, ProjectId } from '../kernel/ids';
import type { TensorInput } from '../kernel/tensor-input';
import type { Tensor } from '../kernel/tensor';
import type { ModelVersion } from '../registry/registry';
import type { EndpointId } from './endpoint';
import type { UnavailableReason } from './worker-unavailable';

export type PredictionId = Id<'prediction'>;
/** Values by column, or by input. */
export type Row = Readonly<Record<string, unknown>>;

export interface PredictRequest {
  /** Exactly one of `endpoint` and `ref`. */
  readonly endpoint?: string | null;
  readonly ref?: string | null;
  /** Exactly one of `rows` and `inputs`. */
  readonly rows?: readonly Row[] | null;
  readonly inputs?: readonly TensorInput[] | null;
  /** Names of the outputs wanted; all where absent. */
  readonly outputs?: readonly string[] | null;
  readonly routingKey?: string | null;
  readonly timeoutMs?: number | null;
  /** Aborted where the caller has left and nobody hears the answer any more. */
  readonly signal?: AbortSignal;
}

export interface PredictTiming {
  readonly queueMs: number;
  readonly computeMs: number;
  readonly totalMs: number;
}

export interface PredictSuccess {
  readonly ok: true;
  readonly predictionId: PredictionId;
  /** Answers by column; null where the question came as tensors. */
  readonly rows: readonly Row[] | null;
  readonly outputs: readonly Tensor[];
  readonly version: ModelVersion;
  /** Null where a version was asked for by reference. */
  readonly variant: string | null;
  readonly cached: boolean;
  /** Rows, of all callers, that were computed together. */
  readonly batchSize: number;
  readonly timing: PredictTiming;
}

export interface Overloaded extends UserError<'OverloadedError'> {
  readonly retryAfterMs: number;
}
export interface Unavailable extends UserError<'UnavailableError'> {
  readonly retryable: boolean;
  readonly reason: UnavailableReason;
}
export type PredictRefusal = InvalidInput | NotFound | Overloaded | Unavailable;
export type PredictResult = PredictSuccess | Refusal<PredictRefusal>;

/** What happened to one prediction, for those who measure. */
export interface Observation {
  readonly projectId: ProjectId;
  readonly endpointId: EndpointId;
  readonly variant: string;
  /** Share of the traffic that the variant had then, and whether it only got a copy. */
  readonly weight: number;
  readonly shadow: boolean;
  readonly version: ModelVersion;
  /** Null: answered. */
  readonly error: PredictRefusal['code'] | null;
  readonly cached: boolean;
  readonly batchSize: number;
  readonly timing: PredictTiming;
}

/** Told of every prediction through an endpoint, on the predict path: it must return at once and never throw. */
export interface PredictionObserver {
  observe(observation: Observation): void;
}
