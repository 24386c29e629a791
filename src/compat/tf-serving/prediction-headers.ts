import type { HttpResponse } from '../../kernel/http/http-exchange';
import type { PredictSuccess } from '../../serving/serving';

/**
 * What TensorFlow Serving's bodies have no place for: what feedback names, who has answered, and from memory or not.
 */
export function tellPrediction(
  response: HttpResponse,
  { predictionId, variant, version, cacheAgeMs }: PredictSuccess,
): void {
  response.setHeader('x-modelgraph-prediction-id', predictionId);
  if (variant !== null) response.setHeader('x-modelgraph-variant', headerText(variant));
  response.setHeader('x-modelgraph-version', String(version.ordinal));
  if (cacheAgeMs !== null) response.setHeader('x-modelgraph-cache-age-ms', Math.round(cacheAgeMs));
}

/** A name may have characters that a header cannot: they are percent-encoded. */
const headerText = (text: string): string => text.replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
