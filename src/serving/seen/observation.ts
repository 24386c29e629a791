import type { ProjectId } from '../../kernel/ids';
import type { ModelVersion, ModelVersionId } from '../../registry/registry';
import type { AnswerDifference } from '../routing/answer-difference';
import type { RanOn } from '../execution/backend';
import type { CloseReason } from '../batching/batch-policy';
import type { Door } from '../predictions/door';
import type { EndpointId } from '../endpoints/endpoint';
import type { FailureReason } from './failure-reason';
import type { PredictRequest, PredictTiming, PredictSuccess, PredictResult } from '../predictions/prediction';

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
  /**
   * Its rows' share of the run, in ms: what all callers of a run have together is the time that the worker, or the
   * other server, took.
   */
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

/**
 * Told of every copy whose answer can be compared, and of those that were dropped: it must return at once, never throw.
 */
export interface ShadowObserver {
  compare(outcome: ShadowOutcome): void;
}
