import type { NotFound, UserError } from '../../kernel/errors';
import { answerJson } from '../../kernel/http/http-answer';
import type { HttpResponse } from '../../kernel/http/http-exchange';
import type { PredictRefusal } from '../../serving/serving';

/** Why a call was not answered, as HTTP tells it. */
export class Refused {
  constructor(
    readonly status: number,
    readonly message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** The statuses that Triton gives to the same kinds of error. */
export function refusedBecause(error: PredictRefusal | NotFound | UserError): Refused {
  switch (error.code) {
    case 'NOT_FOUND':
      return new Refused(404, error.message);
    case 'OVERLOADED':
    case 'UNAVAILABLE':
      return new Refused(503, error.message, 'retryAfterMs' in error ? retryAfter(error.retryAfterMs) : {});
    default:
      return new Refused(400, error.message);
  }
}

/** In seconds, which is what the header has; none where nobody knows. */
const retryAfter = (ms: number | undefined): Refused['headers'] =>
  ms === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) };

/** Every error of the protocol has this form. */
export const answerOpenInferenceError = (
  response: HttpResponse,
  status: number,
  _code: string,
  message: string,
): void => answerJson(response, status, { error: message });

export const answerRefused = (response: HttpResponse, { status, message, headers }: Refused): void =>
  answerJson(response, status, { error: message }, headers);
