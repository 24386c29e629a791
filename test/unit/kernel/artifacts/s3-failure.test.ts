import { partStart, MAX_UPLOAD_BYTES } from '../../../../src/kernel/artifacts/bucket-upload';
import { StoreFull } from '../../../../src/kernel/artifacts/artifacts';
import { S3Failed, s3Failure, s3Trouble } from '../../../../src/kernel/artifacts/s3-failure';
import { parseObjectUrl } from '../../../../src/kernel/artifacts/s3-files';

const answered = (httpStatusCode: number, name: string) =>
  Object.assign(new Error('No.'), { name, $metadata: { httpStatusCode } });

test.each([
  [answered(404, 'NoSuchKey'), 'missing'],
  [answered(404, 'NotFound'), 'missing'],
  [answered(404, 'NoSuchBucket'), 'no-bucket'],
  [answered(403, 'AccessDenied'), 'refused'],
  [answered(403, 'SignatureDoesNotMatch'), 'refused'],
  [answered(403, 'RequestTimeTooSkewed'), 'clock'],
  [answered(403, 'QuotaExceeded'), 'full'],
  [answered(507, 'XMinioStorageFull'), 'full'],
  [answered(400, 'AuthorizationHeaderMalformed'), 'elsewhere'],
  [answered(503, 'SlowDown'), 'away'],
  [answered(500, 'InternalError'), 'away'],
  [answered(429, 'TooManyRequests'), 'away'],
  [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'away'],
  [Object.assign(new Error('late'), { name: 'TimeoutError' }), 'away'],
  [Object.assign(new Error('none'), { name: 'CredentialsProviderError' }), 'no-credentials'],
  [answered(400, 'InvalidRequest'), null],
  [new TypeError('a mistake of ours'), null],
])('%s means %s', (error, trouble) => {
  expect(s3Trouble(error)).toBe(trouble);
});

test('what callers are told names no bucket, and says whether to come back', () => {
  const told = (trouble: ConstructorParameters<typeof S3Failed>[0]) =>
    s3Failure(new S3Failed(trouble, 'secret-bucket', new Error('cause'))) as Error;
  expect(told('full')).toBeInstanceOf(StoreFull);
  expect(told('away')).toMatchObject({ code: 'UNAVAILABLE', facts: { retryable: true } });
  for (const trouble of ['no-bucket', 'refused', 'no-credentials', 'clock', 'elsewhere'] as const) {
    expect(told(trouble)).toMatchObject({ code: 'UNAVAILABLE', facts: { retryable: false } });
    expect(told(trouble).message).not.toContain('secret-bucket');
  }
  const ours = new Error('ours');
  expect(s3Failure(ours)).toBe(ours);
});

test('parts are 8 MiB, then grow, and 10,000 of them are enough for a terabyte', () => {
  const MEBIBYTE = 1024 ** 2;
  expect([0, 1, 2_000, 2_001].map((index) => partStart(index) / MEBIBYTE)).toEqual([0, 8, 16_000, 16_128]);
  expect(MAX_UPLOAD_BYTES).toBeGreaterThan(1e12);
});

test.each([
  ['s3://bucket/key', { bucket: 'bucket', key: 'key' }],
  ['s3://bucket/a b/c%20d?e#f', { bucket: 'bucket', key: 'a b/c%20d?e#f' }],
  ['s3://bucket/', null],
  ['s3://bucket', null],
  ['s3://bucket/a/../b', null],
  ['s3://bucket/./b', null],
  ['https://bucket/key', null],
])('%s is read as %j', (uri, place) => {
  expect(parseObjectUrl(uri)).toEqual(place);
});
