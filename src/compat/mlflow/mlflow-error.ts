import { answerJson, type AnswerError } from '../../kernel/http/http-answer';
import type { HttpResponse } from '../../kernel/http/http-exchange';
import { ArtifactTooLarge, StoreFull } from '../../kernel/artifacts/artifacts';
import { Failure, type UserError } from '../../kernel/errors';

/** The codes that MLflow's clients know, with the statuses that MLflow sends them with. */
const STATUS_OF = {
  INVALID_PARAMETER_VALUE: 400,
  BAD_REQUEST: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;
export type MlflowErrorCode = keyof typeof STATUS_OF;

/** What a call is answered with instead; thrown by whoever reads the request, since nothing can go on. */
export class MlflowError extends Error {
  constructor(
    readonly errorCode: MlflowErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export const invalidParameter = (message: string) => new MlflowError('INVALID_PARAMETER_VALUE', message);
export const doesNotExist = (message: string) => new MlflowError('RESOURCE_DOES_NOT_EXIST', message);

/** Ours as MLflow would say it. To its clients a run that is deleted is one with a wrong id. */
export function refused({ kind, code, message }: UserError): MlflowError {
  if (code === 'RUN_DELETED') return invalidParameter(message);
  switch (kind) {
    case 'NotFoundError':
      return doesNotExist(message);
    case 'NameConflictError':
      return new MlflowError('RESOURCE_ALREADY_EXISTS', message);
    default:
      return invalidParameter(message);
  }
}

/** What a use case gives where it did what was asked; throws what MLflow would say where it refused. */
export function unlessRefused<
  Result extends { readonly ok: true } | { readonly ok: false; readonly error: UserError },
>(result: Result): Extract<Result, { readonly ok: true }> {
  if (!result.ok) throw refused(result.error);
  return result as Extract<Result, { readonly ok: true }>;
}

export const answerMlflowError = (response: HttpResponse, { errorCode, message }: MlflowError): void =>
  answerJson(response, STATUS_OF[errorCode], { error_code: errorCode, message });

const CODE_OF: Readonly<Record<string, MlflowErrorCode>> = {
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'PERMISSION_DENIED',
  BAD_USER_INPUT: 'INVALID_PARAMETER_VALUE',
  UNAVAILABLE: 'TEMPORARILY_UNAVAILABLE',
  INTERNAL_SERVER_ERROR: 'INTERNAL_ERROR',
};

/** What goes wrong outside of the calls: a wrong key, a body that never ends. */
export const answerOutside: AnswerError = (response, status, code, message) =>
  answerJson(response, status, { error_code: CODE_OF[code] ?? 'BAD_REQUEST', message });

/** A failure in which a word of ours stands for the client's own: a filter, a page token. */
export const isBadInput = (error: unknown): error is Failure =>
  error instanceof Failure && error.code === 'BAD_USER_INPUT';

/** What a store says of bytes that it does not take. */
export function refuseUpload(error: unknown): never {
  if (error instanceof ArtifactTooLarge) throw invalidParameter(error.message);
  if (error instanceof StoreFull) throw new MlflowError('TEMPORARILY_UNAVAILABLE', error.message);
  throw error;
}
