/** Failures in a row that end the calls: one may be chance, and each costs a caller a wait. */
export const FAILURES_TO_OPEN = 3;
/**
 * First pause between looks at a remote that is away, and the longest, in ms: its callers want it back within a second.
 */
export const FIRST_LOOK_MS = 250;
export const LONGEST_LOOK_MS = 500;
/** Longest pause where the remote says that it is ready, and then fails all the same. */
export const LONGEST_REST_MS = 30_000;

/** `trial`: what becomes of this one call decides. Whoever has a pass tells how the call ended. */
export type RemotePass = 'free' | 'trial';
/** `READY`: it is asked; `DOWN`: nobody asks it until it says that it is ready; `ON_TRIAL`: the next call decides. */
export type RemoteState = 'READY' | 'DOWN' | 'ON_TRIAL';

/**
 * Ends the calls to a model whose remote has failed a few times in a row, so that its callers hear at once that it is
 * away. It has no clock: it says how long to wait before the remote is asked whether it is ready.
 */
export class RemoteBreaker {
  state: RemoteState = 'READY';
  /** Why the last call failed, in a sentence; null where all is well. */
  reason: string | null = null;
  private failures = 0;
  private onTrial = false;
  private looks = 0;
  /** Times in a row that it said that it is ready, and failed. */
  private relapses = 0;

  /** Null: nobody asks it now. */
  admit(): RemotePass | null {
    if (this.state === 'READY') return 'free';
    if (this.state === 'DOWN' || this.onTrial) return null;
    this.onTrial = true;
    return 'trial';
  }

  succeeded(pass: RemotePass): void {
    if (this.state !== 'READY' && pass !== 'trial') return; // it began before the remote went away
    this.state = 'READY';
    this.reason = null;
    this.failures = 0;
    this.relapses = 0;
    this.onTrial = false;
  }

  /** True where nobody asks it from now on, and it must be looked at. */
  failed(pass: RemotePass, reason: string): boolean {
    if (pass === 'trial') this.relapses += 1;
    else if (this.state !== 'READY') return false;
    this.reason = reason;
    this.failures += 1;
    this.onTrial = false;
    if (pass !== 'trial' && this.failures < FAILURES_TO_OPEN) return false;
    this.state = 'DOWN';
    this.looks = 0;
    return true;
  }

  /** The call ended without a word on the remote: the next one may be the trial. */
  gaveUp(pass: RemotePass): void {
    if (pass === 'trial') this.onTrial = false;
  }

  /** How long to wait before the next look, in ms. */
  nextLookMs(): number {
    const rest = this.relapses === 0 ? 0 : Math.min(LONGEST_LOOK_MS * 2 ** this.relapses, LONGEST_REST_MS);
    const pause = Math.min(FIRST_LOOK_MS * 2 ** this.looks, LONGEST_LOOK_MS);
    this.looks += 1;
    return Math.max(rest, pause);
  }

  /** It has said that it is ready: one call may show that it is. */
  isBack(): void {
    if (this.state === 'DOWN') this.state = 'ON_TRIAL';
  }
}
