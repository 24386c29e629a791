import { Readable } from 'node:stream';
import type { S3Object } from './s3';
import { storeAway } from './s3-failure';

/** Times that one reading may be interrupted: each goes on where the one before has ended. */
const MAX_INTERRUPTIONS = 5;

/** Opens the object from a byte on. */
type Open = (from: number) => Promise<Pick<S3Object, 'body'>>;

/** Bytes of an object, up to `end`, exclusive. Where the connection is lost, it asks for the rest. */
export class BucketRead extends Readable {
  private source: Readable | null = null;
  private interruptions = 0;

  constructor(
    first: Readable,
    private position: number,
    private readonly end: number,
    private readonly open: Open,
  ) {
    super();
    this.follow(first);
  }

  override _read(): void {
    this.source?.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.source?.destroy();
    done(error);
  }

  private follow(source: Readable): void {
    this.source = source;
    source.on('data', (chunk: Buffer) => {
      this.position += chunk.length;
      if (!this.push(chunk)) source.pause();
    });
    source.once('end', () => {
      if (this.position >= this.end) this.push(null);
      else this.interrupted(source, new Error('The object ended early.'));
    });
    source.once('error', (error) => this.interrupted(source, error));
    source.once('close', () => this.interrupted(source, new Error('The connection was closed.')));
    source.pause();
  }

  private interrupted(source: Readable, error: Error): void {
    if (this.source !== source || this.destroyed || this.position >= this.end) return;
    this.source = null;
    source.destroy();
    if (++this.interruptions > MAX_INTERRUPTIONS) {
      this.destroy(storeAway(error));
      return;
    }
    this.open(this.position).then(
      ({ body }) => {
        if (this.destroyed) body.destroy();
        else {
          this.follow(body);
          body.resume();
        }
      },
      (failure: Error) => this.destroy(failure),
    );
  }
}
