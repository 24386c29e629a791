import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDiskFull, writeHashing } from './artifact-digest';
import { BucketRead } from './bucket-read';
import { notNow, shorten } from '../errors';
import { RemoteFileRefused, type RemoteFile, type RemoteFiles } from './remote-files';
import { S3, type S3Access, type S3Place } from './s3';
import type { BucketPlace } from './s3-config';
import { S3Failed } from './s3-failure';

/** Files in buckets that an operator has named: `s3://bucket/key`. Whoever made it stops it. */
export class S3Files implements RemoteFiles {
  private s3: S3 | null = null;

  /** @param access null: there is no S3 server, so nothing is covered */
  constructor(
    private readonly access: S3Access | null,
    private readonly places: readonly BucketPlace[],
    private readonly maxBytes: number,
  ) {}

  covers(uri: string): boolean {
    const place = parseObjectUrl(uri);
    return (
      this.access !== null &&
      place !== null &&
      this.places.some(({ bucket, prefix }) => bucket === place.bucket && place.key.startsWith(prefix))
    );
  }

  async withFile<Result>(uri: string, work: (file: RemoteFile) => Promise<Result>): Promise<Result> {
    const place = parseObjectUrl(uri);
    if (place === null || this.access === null || !this.covers(uri))
      throw new Error(`Nobody has allowed to read ${uri}.`);
    this.s3 ??= new S3(this.access);
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-source-'));
    try {
      return await work(await this.fetch(this.s3, place, uri, join(folder, 'data')));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  stop(): void {
    this.s3?.stop();
  }

  private async fetch(s3: S3, place: S3Place, uri: string, path: string): Promise<RemoteFile> {
    try {
      const { body, sizeBytes, etag } = await s3.get(place);
      if (sizeBytes > this.maxBytes) {
        body.destroy();
        throw new RemoteFileRefused(
          'SOURCE_TOO_LARGE',
          `${shorten(uri)} has ${sizeBytes} bytes; at most ${this.maxBytes} are read.`,
        );
      }
      // What changes while it is read is asked for by its state, and so refused.
      const rest = (start: number) => s3.get(place, { start, end: sizeBytes - 1 }, etag);
      const digest = await writeHashing(new BucketRead(body, 0, sizeBytes, rest), path, sizeBytes);
      return { path, ...digest };
    } catch (error) {
      if (isDiskFull(error)) throw notNow('There is no space left to read data here.', { cause: error });
      throw error instanceof S3Failed ? refused(error, shorten(uri)) : error;
    }
  }
}

function refused(failed: S3Failed, uri: string): Error {
  switch (failed.trouble) {
    case 'missing':
    case 'no-bucket':
      return new RemoteFileRefused('SOURCE_NOT_FOUND', `There is nothing at ${uri}.`);
    case 'refused':
    case 'elsewhere':
      return new RemoteFileRefused('SOURCE_NOT_READABLE', `This server may not read ${uri}.`);
    case 'no-credentials':
    case 'clock':
    case 'full':
    case 'away':
      return notNow('The server that has the data cannot be reached right now. Try again shortly.', {
        cause: failed,
      });
  }
}

/** Null where the address is none, or one that servers read differently: a key with `.` or `..` between its slashes. */
export function parseObjectUrl(uri: string): S3Place | null {
  const [, bucket, key] = /^s3:\/\/([^/?#]+)\/(.+)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) return null;
  return key.split('/').some((step) => step === '.' || step === '..') ? null : { bucket, key };
}
