import type { PredictResult } from '../predictions/prediction';
import type { UnavailableReason } from '../execution/worker-unavailable';

/** Failures in a row that tell a broken variant from bad luck: a worker that dies takes a batch of callers with it. */
export const MAX_FAILURES = 5;
/** First time without traffic: longer than a worker takes to start again. */
export const FIRST_REST_MS = 1_000;
/** Longest: whoever repairs something wants to see it within a minute. */
export const LONGEST_REST_MS = 60_000;

/**
 * `HEALTHY`: it answers; `RESTING`: others get its traffic; `ON_TRIAL`: the next prediction says whether it is back;
 * `WAITING`: its version is not ready; what ran before goes on, where there was any.
 */
export type HealthState = 'HEALTHY' | 'RESTING' | 'ON_TRIAL' | 'WAITING';
export interface Health {
  readonly state: HealthState;
  /** Why its last prediction failed; null where it is healthy. */
  readonly reason: string | null;
  /** When this process has come to think so. */
  readonly since: Date;
}

/**
 * Why a variant can be to blame. A deadline, a full queue and a caller who leaves say something of the load or the
 * caller.
 */
const ITS_FAULT: readonly UnavailableReason[] = [
  'crashed',
  'timeout',
  'quarantined',
  'load-failed',
  'memory',
  'unfit',
  'remote',
];

/** Whether nothing is wrong with the question, and another variant might answer it. */
export const isVariantFailure = (result: PredictResult): boolean =>
  !result.ok && result.error.kind === 'UnavailableError' && ITS_FAULT.includes(result.error.reason);

/**
 * Whether the variant was perhaps not asked at all. One that was too slow or had no room was, and its trial is over.
 */
const saysNothing = (result: PredictResult): boolean =>
  result.ok || result.error.kind === 'InvalidInputError' || wasCancelled(result);

/** Nobody waits for the answer any more: a failure in the counts, as Triton has it, but no error of the variant. */
export const wasCancelled = (result: PredictResult): boolean =>
  !result.ok && result.error.kind === 'UnavailableError' && result.error.reason === 'cancelled';

/**
 * A circuit breaker for one variant in this process: failures in a row end its traffic for a while that doubles each
 * time, after which one prediction tries it again. Times are on performance.now()'s clock, in ms.
 */
export class VariantHealth {
  private failures = 0;
  private restMs = 0;
  private restsUntilMs = 0;
  private reason: string | null = null;
  private sinceMs: number;
  /** Grows whenever traffic ends or comes back: what was asked before says nothing of what is now. */
  private era = 0;

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
  }

  get isHealthy(): boolean {
    return this.restMs === 0;
  }

  /** Whether a prediction may go to it: all while it is healthy, else one after each rest. */
  mayTry(nowMs: number): boolean {
    return this.restMs === 0 || nowMs >= this.restsUntilMs;
  }

  /** To be called for each prediction that goes to it; gives what `learn` wants to hear. */
  begin(nowMs: number): number {
    if (this.restMs > 0) this.restsUntilMs = nowMs + this.restMs; // nobody else, until it is known what became of this one
    return this.era;
  }

  /**
   * What has become of a prediction. A remembered answer, a refusal for the caller's fault and a caller who has left
   * say nothing of the variant.
   */
  learn(era: number, result: PredictResult, nowMs: number): void {
    if (era !== this.era) return;
    if (result.ok && !result.cached) this.recover(nowMs);
    else if (!result.ok && isVariantFailure(result)) this.fail(result.error.message, nowMs);
    else if (this.restMs > 0 && saysNothing(result)) this.restsUntilMs = nowMs; // it was no trial: the next one may be
  }

  status(nowMs: number): Health {
    const state = this.restMs === 0 ? 'HEALTHY' : nowMs < this.restsUntilMs ? 'RESTING' : 'ON_TRIAL';
    const sinceMs = state === 'ON_TRIAL' ? this.restsUntilMs : this.sinceMs;
    return { state, reason: this.reason, since: new Date(performance.timeOrigin + sinceMs) };
  }

  private recover(nowMs: number): void {
    this.failures = 0;
    if (this.restMs === 0) return;
    this.restMs = 0;
    this.reason = null;
    this.sinceMs = nowMs;
    this.era += 1;
  }

  private fail(reason: string, nowMs: number): void {
    this.failures += 1;
    if (this.restMs === 0 && this.failures < MAX_FAILURES) return;
    if (this.restMs === 0) this.sinceMs = nowMs;
    this.restMs = this.restMs === 0 ? FIRST_REST_MS : Math.min(2 * this.restMs, LONGEST_REST_MS);
    this.restsUntilMs = nowMs + this.restMs;
    this.reason = reason;
    this.era += 1;
  }
}
