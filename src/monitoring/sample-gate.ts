/**
 * Samples that may come at once, as a share of a second's: requests arrive in bursts, since batches answer them
 * together.
 */
const BURST_SECONDS = 0.1;

export interface SampleLimits {
  /** Share of the predictions, over 0 and up to 1. */
  readonly sampleRate: number;
  readonly maxPerSecond: number;
}

/** Which predictions are shown: a share of them by chance, and of these at most so many a second, evenly. */
export class SampleGate {
  private readonly burst: number;
  private allowance: number;
  private lastMs: number;

  constructor(
    private readonly limits: SampleLimits,
    nowMs: number,
    private readonly random: () => number = Math.random,
  ) {
    this.burst = Math.max(1, limits.maxPerSecond * BURST_SECONDS);
    this.allowance = this.burst;
    this.lastMs = nowMs;
  }

  admits(nowMs: number): boolean {
    const { sampleRate, maxPerSecond } = this.limits;
    if (sampleRate < 1 && this.random() >= sampleRate) return false;
    const passedS = Math.max(0, nowMs - this.lastMs) / 1000;
    this.lastMs = nowMs;
    this.allowance = Math.min(this.burst, this.allowance + passedS * maxPerSecond);
    if (this.allowance < 1) return false;
    this.allowance -= 1;
    return true;
  }
}
