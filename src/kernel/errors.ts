/**
 * An expected refusal: a code, one sentence, and the facts of its kind. Refusals are values; they become the
 * error members of GraphQL's result unions, where `kind` is the type's name.
 */
export interface UserError<Kind extends string = string> {
  readonly kind: Kind;
  readonly code: string;
  readonly message: string;
}

/** One thing that is wrong with an input: where, what was expected, what came. */
export interface InputIssue {
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

export interface InvalidInput extends UserError<'InvalidInputError'> {
  readonly issues: readonly InputIssue[];
}
export type NotFound = UserError<'NotFoundError'>;
export type NameConflict = UserError<'NameConflictError'>;
export type InvalidArtifact = UserError<'InvalidArtifactError'>;
export interface RevisionConflict extends UserError<'RevisionConflictError'> {
  readonly actualRevision: number;
}

export type Refusal<E extends UserError> = { readonly ok: false; readonly error: E };
export const refuse = <E extends UserError>(error: E): Refusal<E> => ({ ok: false, error });

export function invalidInput(issues: readonly InputIssue[]): InvalidInput {
  const [first] = issues;
  const where = first
    ? `${first.path}: expected ${first.expected}, got ${first.actual}.`
    : 'The input is invalid.';
  const more = issues.length > 1 ? ` (${issues.length - 1} more)` : '';
  return { kind: 'InvalidInputError', code: 'INVALID_INPUT', message: `${where}${more}`, issues };
}

/** The same answer for what does not exist and for what the caller may not see. */
export const notFound = (what: string, name: string): NotFound => ({
  kind: 'NotFoundError',
  code: 'NOT_FOUND',
  message: `There is no ${what} “${shorten(name)}”.`,
});

export const invalidArtifact = (code: string, message: string): InvalidArtifact => ({
  kind: 'InvalidArtifactError',
  code,
  message,
});

export const revisionConflict = (what: string, expected: number, actual: number): RevisionConflict => ({
  kind: 'RevisionConflictError',
  code: 'REVISION_CONFLICT',
  message: `The ${what} is at revision ${actual}, not ${expected}. Read it again, then retry.`,
  actualRevision: actual,
});

/** Codes of failures that no single operation owns. GraphQL answers them as top-level errors. */
export type FailureCode = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'BAD_USER_INPUT' | 'UNAVAILABLE';

/** A failure that ends the call, whichever it is; thrown, since no caller can go on. */
export class Failure extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'Failure';
  }
}

export const unauthenticated = () =>
  new Failure('UNAUTHENTICATED', 'This call needs a valid credential: send “Authorization: Bearer <key>”.');

export const forbidden = (permission: string) =>
  new Failure('FORBIDDEN', `This call requires the permission “${permission}”.`, { permission });

export const unavailable = (what: string, options?: { readonly cause?: unknown }) =>
  notNow(`${what} cannot be reached right now. Try again shortly.`, options);

/** What cannot be done now, and may be done later. */
export function notNow(message: string, options?: { readonly cause?: unknown }): Failure {
  const failure = new Failure('UNAVAILABLE', message, { retryable: true });
  if (options?.cause !== undefined) failure.cause = options.cause;
  return failure;
}

/** Text from a client inside one of our sentences: one line, and short. */
export function shorten(text: string, maxLength = 100): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length <= maxLength ? line : `${line.slice(0, maxLength)}… (${text.length} characters)`;
}
