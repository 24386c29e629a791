import { boundedRetryAfter } from './retry-after';
import type { RefusedModel } from './worker-calls';

/** Why a worker would refuse a model, and for how many milliseconds still; undefined: it does not say. */
export interface Refusal {
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
}

/** The models that one worker holds back, as it said last: for a time that has gone on since then. */
export class RefusedModels {
  private byModel: ReadonlyMap<string, Refusal> = new Map();
  private saidAtMs = 0;
  /** Models of which a run of this process tries whether they answer again. */
  private readonly onTrial = new Set<string>();

  /** @param nowMs a clock that is never put back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  told(refused: readonly RefusedModel[]): void {
    this.saidAtMs = this.nowMs();
    this.byModel = new Map(
      refused.map(({ sha256, reason, retryAfterMs }) => [
        sha256,
        { reason, retryAfterMs: boundedRetryAfter(retryAfterMs) },
      ]),
    );
  }

  /** As the worker said it, whether or not one run may try; undefined where it would run the model. */
  of(sha256: string): Refusal | undefined {
    const refusal = this.byModel.get(sha256);
    if (refusal?.retryAfterMs === undefined) return refusal;
    const leftMs = Math.max(0, Math.ceil(refusal.retryAfterMs - (this.nowMs() - this.saidAtMs)));
    return { ...refusal, retryAfterMs: leftMs };
  }

  /** Whether it is held back no longer, if one run shows that it answers: somebody has to be that one. */
  awaitsTrial(sha256: string): boolean {
    return this.of(sha256)?.retryAfterMs === 0 && !this.onTrial.has(sha256);
  }

  /** During `run`, which is the trial where one is awaited, no second one goes there. */
  async during<Answer>(sha256: string, run: () => Promise<Answer>): Promise<Answer> {
    if (!this.awaitsTrial(sha256)) return run();
    this.onTrial.add(sha256);
    try {
      return await run();
    } finally {
      this.onTrial.delete(sha256);
    }
  }
}
