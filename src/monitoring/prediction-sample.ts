import type { ModelVersion } from '../registry/registry';
import type { Door, Observation, PredictionId } from '../serving/serving';
import { inputPreview } from './input-preview';

/** One prediction as a dashboard sees it. */
export interface PredictionSample {
  /** When it was answered. */
  readonly at: Date;
  /** Predictions of the endpoint since the stream began, this one included. */
  readonly ordinal: bigint;
  /** Null where it was refused. */
  readonly predictionId: PredictionId | null;
  readonly door: Door;
  readonly variant: string;
  readonly shadow: boolean;
  readonly version: ModelVersion;
  /** Null: answered. */
  readonly error: string | null;
  readonly rows: number;
  /** 0 where nothing was run for it. */
  readonly batchSize: number;
  readonly cached: boolean;
  readonly coalesced: boolean;
  /** Null where the door has not measured it. */
  readonly parseMs: number | null;
  readonly queueMs: number;
  readonly computeMs: number;
  readonly totalMs: number;
  /** The first values, as JSON; null where nobody asked for them. */
  readonly inputs: string | null;
}

/** Keeps nothing of the question but its first values, and those only where they are wanted. */
export function sampleOf(
  { result, question, timing, ...observation }: Observation,
  { at, ordinal, withInputs }: { readonly at: Date; readonly ordinal: bigint; readonly withInputs: boolean },
): PredictionSample {
  const { door, variant, shadow, version, error, rows, batchSize, cached, parseMs } = observation;
  return {
    at,
    ordinal,
    predictionId: result.ok ? result.predictionId : null,
    ...{ door, variant, shadow, version, error, rows, batchSize, cached, parseMs },
    coalesced: result.ok && result.coalesced,
    queueMs: timing.queueMs,
    computeMs: timing.computeMs,
    totalMs: timing.totalMs,
    inputs: withInputs ? inputPreview(question) : null,
  };
}
