import { join, resolve } from 'node:path';
import type { S3Access } from './s3';

/** A bucket of artifacts, and where copies for programs that read files go. */
export interface BucketConfig extends S3Access {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly cacheFolder: string;
  readonly cacheBytes: number;
}

/** A bucket, or what lies below a prefix of one. */
export interface BucketPlace {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

/** What the variables of one environment say, and what is wrong with them. */
export interface Variables {
  readonly text: (name: string) => string | undefined;
  readonly integer: (name: string, fallback: number, min: number, max: number) => number;
  readonly problems: string[];
}

const MEBIBYTE = 1024 ** 2;
const DEFAULT_CACHE_MB = 10_240;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Longest prefix, in characters: a key has at most 1,024 bytes, of which ours need 90. */
const MAX_PREFIX_LENGTH = 256;
/** Keys that URLs and shells need not escape. */
const PREFIX = /^[A-Za-z0-9._=/-]*$/;
/** Where nobody has said one: servers that are not Amazon's know none, and sign with this. */
const ANY_REGION = 'us-east-1';

export const isBucketUrl = (text: string): boolean => /^s3:\/\//i.test(text);

/** `s3://bucket/prefix`; null where the text is none. */
export function parseBucketPlace(text: string): BucketPlace | null {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]*)(.*)$/.exec(text.trim()) ?? [];
  const prefix = rest.replace(/^\/+|\/+$/g, '');
  const isPrefix = PREFIX.test(prefix) && prefix.length <= MAX_PREFIX_LENGTH && !prefix.includes('//');
  return BUCKET.test(bucket) && isPrefix ? { bucket, prefix: prefix === '' ? '' : `${prefix}/` } : null;
}

/** `s3://bucket, s3://bucket/prefix`. */
export function parseDatasetSources({ text, problems }: Variables): readonly BucketPlace[] {
  const places = (text('DATASET_SOURCES') ?? '').split(',').filter((place) => place.trim() !== '');
  return places.flatMap((place) => {
    const known = parseBucketPlace(place);
    if (!known)
      problems.push(
        `DATASET_SOURCES: expected a comma-separated list such as s3://bucket, s3://bucket/prefix; got “${place.trim()}”.`,
      );
    return known ?? [];
  });
}

/** How S3 servers are reached, where anything needs one; null where nothing does. */
export function parseS3Access({ text, problems }: Variables, needers: readonly string[]): S3Access | null {
  const endpoint = text('S3_ENDPOINT') ?? text('AWS_ENDPOINT_URL_S3') ?? null;
  const region = text('AWS_REGION') ?? text('AWS_DEFAULT_REGION');
  if (endpoint !== null && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    problems.push('S3_ENDPOINT: expected a URL that begins with https:// or http://.');
  const pathStyle = text('S3_PATH_STYLE');
  if (pathStyle !== undefined && pathStyle !== 'true' && pathStyle !== 'false')
    problems.push(`S3_PATH_STYLE: expected true or false, got “${pathStyle}”.`);
  const [needer] = needers;
  if (needer === undefined) return null;
  if (region === undefined && endpoint === null)
    problems.push(`${needer}: needs AWS_REGION, or S3_ENDPOINT where the server is not Amazon’s.`);
  return {
    endpoint,
    region: region ?? ANY_REGION,
    isPathStyle: pathStyle === undefined ? endpoint !== null : pathStyle === 'true',
  };
}

/** Null where artifacts lie in a folder. */
export function parseBucket(
  { text, integer, problems }: Variables,
  store: string,
  access: S3Access | null,
): BucketConfig | null {
  const cacheFolder = resolve(text('ARTIFACT_CACHE') ?? join('model-store', 'cache'));
  const cacheBytes = integer('ARTIFACT_CACHE_MB', DEFAULT_CACHE_MB, 1, 1024 ** 3) * MEBIBYTE;
  if (!isBucketUrl(store) || access === null) return null;
  const place = parseBucketPlace(store);
  if (!place) problems.push(`MODEL_STORE: expected s3://bucket or s3://bucket/prefix, got “${store}”.`);
  return { ...access, ...(place ?? { bucket: '', prefix: '' }), cacheFolder, cacheBytes };
}

/** What processes that share a bucket must share besides, and no bucket has a place for. */
export function checkSharedNeeds({ text, problems }: Variables, role: string): void {
  const needs = (name: string, why: string) => {
    if (text(name) === undefined) problems.push(`MODEL_STORE=s3://…: needs ${name}, ${why}.`);
  };
  needs('DATABASE_URL', 'since the embedded database lies in a folder');
  if (role !== 'worker') needs('ADMIN_KEY_FILE', 'a file for the first key, which would lie in the folder');
  if (role !== 'all') needs('WORKER_TOKEN', 'which api and worker processes would share by the folder');
}
