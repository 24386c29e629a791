import type { Logger } from './logger';

/** What was started, to be stopped in reverse order. One step that fails does not keep the others from running. */
export class ShutdownStack {
  private readonly steps: { readonly name: string; readonly stop: () => Promise<unknown> }[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly logger: Logger) {}

  get isStopping(): boolean {
    return this.running !== undefined;
  }

  push(name: string, stop: () => Promise<unknown>): void {
    this.steps.push({ name, stop });
  }

  /** Starts what works in the background, to be stopped again. */
  start(name: string, part: { start(): void; stop(): Promise<unknown> }): void {
    part.start();
    this.push(name, () => part.stop());
  }

  /** Idempotent: later calls share the first one's promise. */
  run(): Promise<void> {
    this.running ??= this.stopAll();
    return this.running;
  }

  private async stopAll(): Promise<void> {
    for (const { name, stop } of this.steps.reverse()) {
      try {
        await stop();
      } catch (error) {
        this.logger.error({ err: error, step: name }, 'a part did not stop cleanly');
      }
    }
  }
}
