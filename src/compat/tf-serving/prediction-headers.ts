import type { HttpResponse } from '../../kernel/http/http-exchange';
import type { PredictSuccess } from '../../serving/serving';

/** What TensorFlow Serving's bodies have no place for: what feedback names, and who has answered. */
export function tellPrediction(
  response: HttpResponse,
  { predictionId, variant, version }: PredictSuccess,
): void {
  response.setHeader('x-modelgraph-prediction-id', predictionId);
  if (variant !== null) response.setHeader('x-modelgraph-variant', headerText(variant));
  response.setHeader('x-modelgraph-version', String(version.ordinal));
}

/** A name may have characters that a header cannot: they are percent-encoded. */
const headerText = (text: string): string => text.replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
