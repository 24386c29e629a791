/**
 * How long calls are refused at once after a failure: long enough to spare callers a wait, short enough to notice
 * recovery within a second.
 */
const OPEN_FOR_MS = 1_000;

/** After a failure, refuses for a moment, then lets one caller at a time try until one succeeds. */
export class CircuitBreaker {
  private openUntilMs = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** True where the caller must not try now. A caller that is let through after a failure closes the door behind it. */
  isOpen(): boolean {
    if (this.openUntilMs === 0) return false;
    if (this.nowMs() < this.openUntilMs) return true;
    this.openUntilMs = this.nowMs() + OPEN_FOR_MS;
    return false;
  }

  /** Whether no call has succeeded since the last failure; asking lets nobody through. */
  get hasFailed(): boolean {
    return this.openUntilMs !== 0;
  }

  succeeded(): void {
    this.openUntilMs = 0;
  }

  failed(): void {
    this.openUntilMs = this.nowMs() + OPEN_FOR_MS;
  }
}
