/** Work that is done again and again in the background: one pass after the other, a pause between them. */
export class Periodic {
  private timer: NodeJS.Timeout | undefined;
  private passing: Promise<void> = Promise.resolve();
  private isStopped = false;

  /** @param pass must not throw */
  constructor(
    private readonly pass: () => Promise<void>,
    private readonly pauseMs: number,
  ) {}

  /** The first pass comes after a pause. The process may end meanwhile. */
  start(): void {
    if (this.isStopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.passing = this.pass().finally(() => this.start());
    }, this.pauseMs).unref();
  }

  get hasStopped(): boolean {
    return this.isStopped;
  }

  /** Idempotent; waits for the pass that goes on. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.passing;
  }
}
