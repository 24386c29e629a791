import type { InvalidInput, NotFound, Refusal, UserError } from '../../kernel/errors';
import type { Id } from '../../kernel/ids';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { ModelVersion } from '../../registry/registry';
import type { RanOn } from '../execution/backend';
import type { CloseReason } from '../batching/batch-policy';
import type { Priority } from '../batching/priority';
import type { Door } from './door';
import type { EndpointId } from '../endpoints/endpoint';
import type { Sequence } from '../execution/sequence';
import type { UnavailableReason } from '../execution/worker-unavailable';
import type { Row } from '../values/row';

export type PredictionId = Id<'prediction'>;

export interface PredictRequest {
  /** GraphQL's where absent. */
  readonly door?: Door;
  /** When the door had the whole question in bytes, on performance.now()'s clock; absent: nobody has looked. */
  readonly receivedAt?: number | undefined;
  /** Exactly one of `endpoint` and `ref`. */
  readonly endpoint?: string | null;
  readonly ref?: string | null;
  /** The version that a variant of the endpoint is to answer with, whatever its rules and its strategy say. */
  readonly pinned?: Pick<ModelVersion, 'id' | 'ref'> | null;
  /** Exactly one of `rows` and `inputs`. */
  readonly rows?: readonly Row[] | null;
  readonly inputs?: readonly TensorInput[] | null;
  /** Names of the outputs wanted; all where absent. */
  readonly outputs?: readonly string[] | null;
  readonly routingKey?: string | null;
  /** Asked alone, once, of one variant, neither remembered nor copied; refused where the model remembers nothing. */
  readonly sequence?: Sequence | null;
  /** What the caller's protocol says beside the question, by name: an endpoint's rules may look at it. */
  readonly parameters?: Readonly<Record<string, unknown>> | null;
  /** The value of an HTTP header, or of gRPC metadata, by its name in lower case. */
  readonly headers?: (name: string) => string | undefined;
  /** From when its door had the question; the endpoint's where absent, from when it is asked. */
  readonly timeoutMs?: number | null;
  /** How long it has waited in its door for its turn in a sequence, in ms; 0 where absent. */
  readonly waitedMs?: number;
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
  /**
   * Why its batch was closed; null where that is told with another prediction of the batch, and where it was
   * remembered.
   */
  readonly closed: CloseReason | null;
  readonly timing: PredictTiming;
  /** Whether nothing here looks at the question's values any more, so that their memory may be used again. */
  readonly spent: boolean;
}

export interface Overloaded extends UserError<'OverloadedError'> {
  readonly retryAfterMs: number;
}
export interface Unavailable extends UserError<'UnavailableError'> {
  readonly retryable: boolean;
  readonly reason: UnavailableReason;
  /** After which another try makes sense; absent where nobody knows. */
  readonly retryAfterMs?: number;
}
export type PredictRefusal = InvalidInput | NotFound | Overloaded | Unavailable;
export type PredictResult = PredictSuccess | Refusal<PredictRefusal>;
