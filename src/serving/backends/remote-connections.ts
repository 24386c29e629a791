import type { RemoteInference } from './remote-inference';

/** Connections to a remote that were opened together. Once others have replaced them, they end with their last call. */
export class RemoteConnections {
  private calls = 0;
  /** Told when they have ended; undefined where nothing has replaced them. */
  private closed: (() => void) | undefined;

  constructor(private readonly client: RemoteInference) {}

  async ask<Result>(call: (client: RemoteInference) => Promise<Result>): Promise<Result> {
    this.calls += 1;
    try {
      return await call(this.client);
    } finally {
      this.calls -= 1;
      this.closeWhereDone();
    }
  }

  /** Nobody asks over them any more; calls in flight go on. */
  retire(closed: () => void): void {
    this.closed = closed;
    this.closeWhereDone();
  }

  /** Calls in flight fail. */
  close(): void {
    this.closed = undefined;
    this.client.close();
  }

  private closeWhereDone(): void {
    if (this.closed === undefined || this.calls > 0) return;
    this.client.close();
    this.closed();
  }
}
