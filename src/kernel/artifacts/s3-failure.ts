import { Failure, notNow } from '../errors';
import { StoreFull } from './artifacts';

/**
 * What an error of an S3 server means. `missing`: there is no such object. `no-bucket`, `elsewhere` (in another
 * region), `no-credentials`, `refused`, `clock` and `full`: a person must act. `away`: it may work in a moment.
 */
export type S3Trouble =
  'missing' | 'no-bucket' | 'elsewhere' | 'no-credentials' | 'refused' | 'clock' | 'full' | 'away';

interface S3Error {
  readonly name?: string;
  readonly Code?: string;
  readonly code?: unknown;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const BY_NAME: Readonly<Record<string, S3Trouble>> = {
  NoSuchKey: 'missing',
  NoSuchBucket: 'no-bucket',
  InvalidBucketName: 'no-bucket',
  PermanentRedirect: 'elsewhere',
  AuthorizationHeaderMalformed: 'elsewhere', // it was signed for another region
  CredentialsProviderError: 'no-credentials',
  RequestTimeTooSkewed: 'clock',
  // Of MinIO and Ceph; Amazon's buckets are never full.
  XMinioStorageFull: 'full',
  XMinioAdminBucketQuotaExceeded: 'full',
  QuotaExceeded: 'full',
  InsufficientStorage: 'full',
};
const BY_STATUS: Readonly<Record<number, S3Trouble>> = {
  301: 'elsewhere',
  401: 'refused',
  403: 'refused',
  404: 'missing',
  408: 'away',
  412: 'away', // it has changed while it was read
  429: 'away',
  507: 'full',
};

/** A call to an S3 server that has failed; its message is for an operator. */
export class S3Failed extends Error {
  constructor(
    readonly trouble: S3Trouble,
    bucket: string,
    cause: unknown,
  ) {
    super(s3Sentence(trouble, bucket, cause), { cause });
  }
}

/** Null where the error is none of a server or a network, but our own. */
export function s3Trouble(error: unknown): S3Trouble | null {
  const { name = '', Code = name, code, $metadata } = (error ?? {}) as S3Error;
  const status = $metadata?.httpStatusCode;
  const known = BY_NAME[Code] ?? BY_NAME[name] ?? (status === undefined ? undefined : BY_STATUS[status]);
  if (known) return known;
  if (status !== undefined) return status >= 500 || status < 400 ? 'away' : null;
  return typeof code === 'string' || name === 'TimeoutError' || name === 'AbortError' ? 'away' : null;
}

/** For an operator: it names the bucket, and never a credential. */
function s3Sentence(trouble: S3Trouble, bucket: string, error: unknown): string {
  const { name = 'Error', Code = name, message = '' } = error as S3Error;
  const SENTENCES: Readonly<Record<S3Trouble, string>> = {
    missing: `Something in the bucket “${bucket}” is missing.`,
    'no-bucket': `There is no bucket “${bucket}”. Make it first, or correct its name, S3_ENDPOINT or AWS_REGION.`,
    elsewhere: `The bucket “${bucket}” lies in another region: correct AWS_REGION.`,
    'no-credentials': `There are no credentials for the bucket “${bucket}”: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine or pod a role.`,
    refused: `The credentials may not use the bucket “${bucket}” as a store (${Code}): they must read, write and delete its objects.`,
    clock: `This machine’s clock is not that of the server that has the bucket “${bucket}” (${Code}): set it right.`,
    full: `There is no space left in the bucket “${bucket}” (${Code}).`,
    away: `The server that has the bucket “${bucket}” cannot be reached right now (${Code}: ${message}).`,
  };
  return SENTENCES[trouble];
}

/** What callers of the API are told: nothing of the operator's bucket. Other errors stay as they are. */
export function s3Failure(error: unknown): unknown {
  if (!(error instanceof S3Failed)) return error;
  const { trouble } = error;
  if (trouble === 'full') return new StoreFull('There is no space left for artifacts.');
  if (trouble === 'away') return storeAway(error);
  const failure = new Failure(
    'UNAVAILABLE',
    'The server cannot use its artifact store. Its operator must act.',
    { retryable: false },
  );
  failure.cause = error;
  return failure;
}

export const storeAway = (cause: unknown) =>
  notNow('The artifact store cannot be reached right now. Try again shortly.', { cause });

/** Whether a server has said that there is no such object. */
export const isMissing = (error: unknown): boolean =>
  error instanceof S3Failed && error.trouble === 'missing';
