import { answerJson, answerText } from '../../kernel/http/http-answer';
import type { HttpResponse } from '../../kernel/http/http-exchange';
import type { PredictRefusal } from '../../serving/serving';

/** Exactly as TensorFlow Serving says it. */
const CONTENT_TYPE = { 'content-type': 'application/json' };

/** The statuses of TensorFlow Serving's codes for the same things; a full queue is “unavailable” there, too. */
function statusOf(error: PredictRefusal): number {
  switch (error.kind) {
    case 'InvalidInputError':
      return 400;
    case 'NotFoundError':
      return 404;
    case 'OverloadedError':
      return 503;
    case 'UnavailableError':
      return error.reason === 'deadline' || error.reason === 'timeout' ? 504 : 503;
  }
}

export const answerValue = (response: HttpResponse, value: unknown): void =>
  answerJson(response, 200, value, CONTENT_TYPE);

/** What is text already: its numbers are not as `JSON.stringify` would write them. */
export const answerJsonText = (response: HttpResponse, json: string): void =>
  answerText(response, 200, CONTENT_TYPE['content-type'], `${json}\n`);

/** Every error of the protocol has this form. */
export const answerTfServingError = (response: HttpResponse, status: number, message: string): void =>
  answerJson(response, status, { error: message }, CONTENT_TYPE);

export function answerRefusal(response: HttpResponse, error: PredictRefusal): void {
  if ('retryAfterMs' in error && error.retryAfterMs !== undefined)
    response.setHeader('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  answerTfServingError(response, statusOf(error), error.message);
}
