import type { InvalidInput, NotFound, Refusal, UserError } from '../kernel/errors';
import type { Id, ProjectId } from '../kernel/ids';
import type { TensorInput } from '../kernel/tensors/tensor-input';
import type { Tensor } from '../kernel/tensors/tensor';
import type { ModelVersion, ModelVersionId } from '../registry/registry';
import type { AnswerDifference } from './routing/answer-difference';
import type { RanOn } from './backends/backend';
import type { CloseReason } from './batching/batch-policy';
import type { Priority } from './batching/batch-request';
import type { Door } from './door';
import type { EndpointId } from './endpoint';
import type { FailureReason } from './seen/failure-reason';
import type { UnavailableReason } from './worker-unavailable';

export type PredictionId = Id<'prediction'>;
/** Values by column, or by input. */
export type Row = Readonly<Record<string, unknown>>;

export interface PredictRequest {
  /** GraphQL's where absent. */
  readonly door?: Door;
  /** When the door had the whole question in bytes, on performance.now()'s clock; absent: nobody has looked. */
  readonly receivedAt?: number | undefined;
  /** Exactly one of `endpoint` and `ref`. */
  readonly endpoint?: string | null;
  readonly ref?: string | null;
  /** Exactly one of `rows` and `inputs`. */
  readonly rows?: readonly Row[] | null;
  readonly inputs?: readonly TensorInput[] | null;
  /** Names of the outputs wanted; all where absent. */
  readonly outputs?: readonly string[] | null;
  readonly routingKey?: string | null;
  /** What the caller's protocol says beside the question, by name: an endpoint's rules may look at it. */
  readonly parameters?: Readonly<Record<string, unknown>> | null;
  /** The value of an HTTP header, or of gRPC metadata, by its name in lower case. */
  readonly headers?: (name: string) => string | undefined;
  readonly timeoutMs?: number | null;
  /** Who goes first among those who wait; normal where absent. */
  readonly priority?: Priority | null;
  /** Aborted where the caller has left and nobody hears the answer any more. */
  readonly signal?: AbortSignal;
  /** As `signal`, for callers that only can be asked. */
  readonly isAbandoned?: () => boolean;
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
  /** Null where a version was asked for by reference; so is the variant. */
  readonly endpointId: EndpointId | null;
  readonly variant: string | null;
  readonly cached: boolean;
  /** How long ago the remembered answer was computed; null where it was not remembered. */
  readonly cacheAgeMs: number | null;
  /** Whether it was computed for another caller, who asked the same at the same time. */
  readonly coalesced: boolean;
  /** Rows, of all callers, that were computed together. */
  readonly batchSize: number;
  /** What has computed it; null where the backend does not tell, and where it was remembered. */
  readonly ranOn: RanOn | null;
  /** Why its batch was closed; null where that is told with another prediction of the batch, and where it was remembered. */
  readonly closed: CloseReason | null;
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
  /** Null where a version was asked for by reference; its name is empty then. */
  readonly endpointId: EndpointId | null;
  readonly endpointName: string;
  /** The version's reference where there is no endpoint, as a variant without a name is called. */
  readonly variant: string;
  /** Share of the traffic that the variant had then, and whether it only got a copy. */
  readonly weight: number;
  readonly shadow: boolean;
  readonly version: ModelVersion;
  readonly door: Door;
  /** Null: answered. */
  readonly error: FailureReason | null;
  readonly cached: boolean;
  readonly batchSize: number;
  /** As an answer has it. */
  readonly closed: CloseReason | null;
  /** Its rows' share of the run, in ms: what all callers of a run have together is the time that the worker took. */
  readonly busyMs: number;
  readonly ranOn: RanOn | null;
  /** From the question's bytes to the question; null where the door has not measured it. */
  readonly parseMs: number | null;
  /** As the caller asked it, or in tensors; it may be large, and must not be kept. */
  readonly question: Pick<PredictRequest, 'rows' | 'inputs'>;
  /** Rows asked for; 0 where the question was refused. */
  readonly rows: number;
  readonly result: PredictResult;
  readonly timing: PredictTiming;
}

/** Told of every prediction, on the predict path: it must return at once and never throw. */
export interface PredictionObserver {
  observe(observation: Observation): void;
  /** How long an answer that was observed took to become bytes; told by the door when it has sent it. */
  encoded(answer: PredictSuccess, door: Door, encodeMs: number): void;
}

/** A copy that a shadow got, or would have got. */
export interface ShadowOutcome {
  readonly projectId: ProjectId;
  readonly endpointId: EndpointId;
  readonly variant: string;
  readonly versionId: ModelVersionId;
  /** Who was asked for the caller. */
  readonly liveVariant: string;
  readonly liveVersionId: ModelVersionId;
  /** Between the caller's answer and the shadow's; null where the shadow had no room for the copy, or rested. */
  readonly difference: AnswerDifference | null;
}

/** Told of every copy whose answer can be compared, and of those that were dropped: it must return at once, never throw. */
export interface ShadowObserver {
  compare(outcome: ShadowOutcome): void;
}
