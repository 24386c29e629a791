import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import type * as S3Package from '@aws-sdk/client-s3';
import type { ByteRange } from './artifacts';
import { S3Failed, s3Trouble } from './s3-failure';

/**
 * How an S3 server is reached. Credentials are found as Amazon's programs find them: variables, web identity, roles.
 */
export interface S3Access {
  /** Of a server that is not Amazon's; null: Amazon's, by region. */
  readonly endpoint: string | null;
  readonly region: string;
  /**
   * Whether the bucket is in the path of an address, as most servers but Amazon's want it, and not in the host's name.
   */
  readonly isPathStyle: boolean;
}

export interface S3Place {
  readonly bucket: string;
  readonly key: string;
}

export interface S3Upload extends S3Place {
  readonly id: string;
}

export interface S3Part {
  readonly number: number;
  readonly etag: string | undefined;
  readonly crc32: string | undefined;
}

export interface S3Object {
  /** The caller ends or destroys it. */
  readonly body: Readable;
  /** Of the whole object, whatever part of it the body is. */
  readonly sizeBytes: number;
  /** Names this state of the object: another upload under the same key has another one. */
  readonly etag: string | undefined;
}

/** Until a connection is there, in ms. */
const CONNECT_LIMIT_MS = 3_000;
/** From the first byte of a request to the head of its answer, in ms: a part over a slow line (0.3 MB/s). */
const REQUEST_LIMIT_MS = 30_000;
/** A connection on which nothing moves, in ms: longer than a slow reader of ours may pause. */
const SILENCE_LIMIT_MS = 60_000;
/** Each call, with pauses that double: what a busy server or a lost connection needs. */
const MAX_ATTEMPTS = 3;
const MAX_SOCKETS = 64;

/**
 * An S3 server, by the calls that we make; each throws `S3Failed`. Its package is loaded when the first of these is
 * made, and not before.
 */
export class S3 {
  private readonly package: typeof S3Package;
  private readonly client: S3Package.S3Client;

  constructor({ endpoint, region, isPathStyle }: S3Access) {
    this.package = createRequire(__filename)('@aws-sdk/client-s3') as typeof S3Package;
    this.client = new this.package.S3Client({
      ...(endpoint !== null && { endpoint }),
      region,
      forcePathStyle: isPathStyle,
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECT_LIMIT_MS,
        requestTimeout: REQUEST_LIMIT_MS,
        throwOnRequestTimeout: true,
        socketTimeout: SILENCE_LIMIT_MS,
        httpAgent: { maxSockets: MAX_SOCKETS },
        httpsAgent: { maxSockets: MAX_SOCKETS },
      },
    });
  }

  /** @param sha256 in base64: the server refuses bytes that are others */
  async put({ bucket, key }: S3Place, bytes: Buffer, sha256: string): Promise<void> {
    const request = { Bucket: bucket, Key: key, Body: bytes, ChecksumSHA256: sha256 };
    await this.told(bucket, () => this.client.send(new this.package.PutObjectCommand(request)));
  }

  /** Whether an object can be read now. It waits no longer than so many ms. */
  async probe({ bucket, key }: S3Place, limitMs: number): Promise<void> {
    const options = { abortSignal: AbortSignal.timeout(limitMs) };
    const request = { Bucket: bucket, Key: key };
    await this.told(bucket, async () => {
      const { Body } = await this.client.send(new this.package.GetObjectCommand(request), options);
      await Body?.transformToByteArray();
    });
  }

  async get({ bucket, key }: S3Place, range?: ByteRange, etag?: string): Promise<S3Object> {
    const request = {
      Bucket: bucket,
      Key: key,
      ...(range && { Range: `bytes=${range.start}-${range.end}` }),
      ...(etag !== undefined && { IfMatch: etag }),
    };
    const { Body, ContentLength, ContentRange, ETag } = await this.told(bucket, () =>
      this.client.send(new this.package.GetObjectCommand(request)),
    );
    const whole = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
    const sizeBytes = whole === undefined ? (ContentLength ?? 0) : Number(whole);
    return { body: Body as Readable, sizeBytes, etag: ETag };
  }

  async sizeOf({ bucket, key }: S3Place): Promise<number> {
    const request = { Bucket: bucket, Key: key };
    const { ContentLength = 0 } = await this.told(bucket, () =>
      this.client.send(new this.package.HeadObjectCommand(request)),
    );
    return ContentLength;
  }

  /** What is not there is removed already. */
  async remove({ bucket, key }: S3Place): Promise<void> {
    const request = { Bucket: bucket, Key: key };
    await this.told(bucket, () => this.client.send(new this.package.DeleteObjectCommand(request)));
  }

  async beginUpload(place: S3Place): Promise<S3Upload> {
    const { bucket, key } = place;
    // Checksums of parts must be announced; servers that know none are spared them by AWS_REQUEST_CHECKSUM_CALCULATION.
    const hasChecksums = (await this.client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const checksums = hasChecksums ? ({ ChecksumAlgorithm: 'CRC32' } as const) : {};
    const request = { Bucket: bucket, Key: key, ...checksums };
    const { UploadId } = await this.told(bucket, () =>
      this.client.send(new this.package.CreateMultipartUploadCommand(request)),
    );
    if (UploadId === undefined) throw new Error('The S3 server began an upload without naming it.');
    return { ...place, id: UploadId };
  }

  async uploadPart({ bucket, key, id }: S3Upload, number: number, bytes: Buffer): Promise<S3Part> {
    const request = { Bucket: bucket, Key: key, UploadId: id, PartNumber: number, Body: bytes };
    const { ETag, ChecksumCRC32 } = await this.told(bucket, () =>
      this.client.send(new this.package.UploadPartCommand(request)),
    );
    return { number, etag: ETag, crc32: ChecksumCRC32 };
  }

  async completeUpload({ bucket, key, id }: S3Upload, parts: readonly S3Part[]): Promise<void> {
    const Parts = parts.map(({ number, etag, crc32 }) => ({
      ...{ PartNumber: number, ETag: etag, ChecksumCRC32: crc32 },
    }));
    const request = { Bucket: bucket, Key: key, UploadId: id, MultipartUpload: { Parts } };
    await this.told(bucket, () => this.client.send(new this.package.CompleteMultipartUploadCommand(request)));
  }

  async abortUpload({ bucket, key, id }: S3Upload): Promise<void> {
    const request = { Bucket: bucket, Key: key, UploadId: id };
    await this.told(bucket, () => this.client.send(new this.package.AbortMultipartUploadCommand(request)));
  }

  /** Uploads below a prefix that began before a time and were never completed; at most 1,000. */
  async unfinishedUploads(bucket: string, prefix: string, before: Date): Promise<readonly S3Upload[]> {
    const request = { Bucket: bucket, Prefix: prefix };
    const { Uploads = [] } = await this.told(bucket, () =>
      this.client.send(new this.package.ListMultipartUploadsCommand(request)),
    );
    return Uploads.flatMap(({ Key: key, UploadId: id, Initiated }) =>
      key !== undefined && id !== undefined && Initiated && Initiated < before ? [{ bucket, key, id }] : [],
    );
  }

  /** Objects below a prefix that were written before a time, among the first so many. */
  async objectsBefore(
    bucket: string,
    prefix: string,
    before: Date,
    count: number,
  ): Promise<readonly S3Place[]> {
    const request = { Bucket: bucket, Prefix: prefix, MaxKeys: count };
    const { Contents = [] } = await this.told(bucket, () =>
      this.client.send(new this.package.ListObjectsV2Command(request)),
    );
    return Contents.flatMap(({ Key: key, LastModified }) =>
      key !== undefined && LastModified && LastModified < before ? [{ bucket, key }] : [],
    );
  }

  stop(): void {
    this.client.destroy();
  }

  private async told<Answer>(bucket: string, call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      const trouble = s3Trouble(error);
      throw trouble === null ? error : new S3Failed(trouble, bucket, error);
    }
  }
}
