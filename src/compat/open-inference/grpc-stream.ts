import { setMaxListeners } from 'node:events';
import { status as Code, type ServerDuplexStream } from '@grpc/grpc-js';
import { statusOf, type CallStatus } from './grpc-status';

/** Requests of one stream that are answered at once: as many as fill a batch; more wait at the client. */
export const MAX_IN_FLIGHT = 128;

/** What a stream needs to know of what it carries. */
export interface StreamWork {
  /** The answer to one message, be it why there is none; rejects where the caller may not go on. */
  readonly answer: (message: Buffer, signal: AbortSignal) => Promise<Buffer>;
  readonly statusOf: (error: unknown) => CallStatus;
}

/**
 * One `ModelStreamInfer`: answers each request as soon as it can, whichever came first. Nothing more is read while too
 * many are on their way, answers that the client does not read included, so that a stream holds a bounded number of
 * them.
 */
export class InferStream {
  private inFlight = 0;
  private readonly gone = new AbortController();
  /** How it ends once nothing is in flight; undefined while it goes on. */
  private ending: CallStatus | 'OK' | undefined;
  private ended = false;

  constructor(
    private readonly call: ServerDuplexStream<Buffer, Buffer>,
    private readonly work: StreamWork,
  ) {
    setMaxListeners(0, this.gone.signal); // each request in flight listens, and those are bounded
    call.on('data', (message: Buffer) => void this.take(message));
    call.on('end', () => this.end('OK'));
    call.on('cancelled', () => this.leave());
  }

  /** Answers what has been read, takes nothing more, and says so to the client. */
  stop(): void {
    this.end(statusOf(Code.UNAVAILABLE, 'The server is stopping. Open the stream again, on another server.'));
    this.call.pause();
  }

  /** Calls the listener once the stream is over. */
  onceOver(listener: () => void): void {
    this.call.once('cancelled', listener);
  }

  private async take(message: Buffer): Promise<void> {
    this.inFlight += 1;
    if (this.inFlight >= MAX_IN_FLIGHT) this.call.pause();
    try {
      await this.write(await this.work.answer(message, this.gone.signal));
    } catch (error) {
      this.end(this.work.statusOf(error));
      this.call.pause();
    }
    this.inFlight -= 1;
    if (this.ending === undefined && this.inFlight < MAX_IN_FLIGHT) this.call.resume();
    this.endIfDone();
  }

  /** Resolves once the transport has taken the bytes, or there is nobody left to read them. */
  private write(bytes: Buffer): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise((resolve) => this.call.write(bytes, () => resolve()));
  }

  private end(how: CallStatus | 'OK'): void {
    if (this.ending === undefined || this.ending === 'OK') this.ending = how;
    this.endIfDone();
  }

  private endIfDone(): void {
    if (this.ending === undefined || this.ended || this.inFlight > 0) return;
    this.ended = true;
    if (this.ending === 'OK') this.call.end();
    else this.call.emit('error', this.ending);
  }

  private leave(): void {
    this.ended = true;
    this.gone.abort();
  }
}
