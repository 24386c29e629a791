import { BoundedMap } from '../../kernel/bounded-map';
import type { HeldBackModel } from '../execution/backend';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import { saysLittle, type Death } from './worker-died';

/** Deaths in a row that a model may cause. The first may be chance; the second is the model. */
const DEATHS_TO_QUARANTINE = 2;

/** First time in quarantine, in ms: a model that always kills then costs two workers a minute, and less and less. */
export const FIRST_HOLD_MS = 60_000;

/** Longest time in quarantine, in ms, after doubling each time: a worker an hour is what coming back may cost. */
export const LONGEST_HOLD_MS = 3_600_000;

/** A model that was well for this long, in ms, has a clean slate: its next time in quarantine is the first. */
const FORGET_AFTER_MS = LONGEST_HOLD_MS;

/** Models that are remembered, for their deaths or for having answered; the oldest is forgotten first. */
const MAX_REMEMBERED = 1_024;

/** `trial`: this one run may end the quarantine. Whoever has a pass tells how the run ended. */
export interface Pass {
  readonly kind: 'free' | 'trial';
}

/** That a model is held back, as of now. */
export interface Hold {
  /** Why, and for how long still. */
  readonly reason: string;
  /** After which a run may try it, in ms; 0 where one may now, or does. */
  readonly retryAfterMs: number;
}

export const heldBack = ({ reason, retryAfterMs }: Hold): WorkerUnavailable =>
  new WorkerUnavailable('quarantined', reason, retryAfterMs);

export type Admission = Pass | ({ readonly kind: 'refused' } & Hold);

const FREE: Pass = { kind: 'free' };
const TRIAL: Pass = { kind: 'trial' };

interface History {
  /** Deaths in a row. */
  deaths: number;
  how: string;
  /** How long the model was held the last time; 0: never. */
  holdMs: number;
  /** Until when nothing runs; from then on, one run at a time is a trial. Undefined: not held. */
  heldUntil: number | undefined;
  onTrial: boolean;
  /** When `holdMs` is forgotten, if nothing happens. */
  forgetAt: number;
}

/** Keeps models that kill workers from killing more: for a time that grows, and then until a trial run is answered. */
export class Quarantine {
  private readonly histories = new Map<string, History>();
  /** Models that have answered: what ends a worker under them may be the question. */
  private readonly proven = new BoundedMap<string, true>(MAX_REMEMBERED);

  /** @param nowMs a clock that is never put back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Whether a run of the model may begin. */
  admit(sha256: string): Admission {
    const hold = this.holdOn(sha256);
    const history = this.histories.get(sha256);
    if (hold === undefined || history === undefined) return FREE;
    if (history.onTrial || hold.retryAfterMs > 0) return { kind: 'refused', ...hold };
    history.onTrial = true;
    return TRIAL;
  }

  /** Undefined where the model is not held. */
  holdOn(sha256: string): Hold | undefined {
    const history = this.histories.get(sha256);
    if (history?.heldUntil === undefined) return undefined;
    const { deaths, how, heldUntil, onTrial } = history;
    const retryAfterMs = Math.max(0, Math.ceil(heldUntil - this.nowMs()));
    const next = onTrial
      ? 'one run is trying it now'
      : `one run may try it again in ${Math.ceil(retryAfterMs / 1000)} s`;
    return { reason: `Runs of this model ${how} ${deaths} times in a row; ${next}.`, retryAfterMs };
  }

  /** All that are held, as of now. */
  held(): readonly HeldBackModel[] {
    return [...this.histories.keys()].flatMap((sha256) => {
      const hold = this.holdOn(sha256);
      return hold ? [{ sha256, reason: hold.reason }] : [];
    });
  }

  /**
   * Counts a worker's death against the model that it ran; of one that has answered others, the same question's second
   * death no more than its first, so that one question does not have the model held back from everybody.
   *
   * @param isRepeat whether the same question has met a death before
   * @returns why the model is held from now on; undefined where nothing has changed
   */
  died(sha256: string, { kind }: Pass, death: Death, isRepeat: boolean): string | undefined {
    // It says little about the model, unless the same run meets it twice, as one does that takes all memory.
    if ((saysLittle(death) && !isRepeat) || (isRepeat && kind !== 'trial' && this.hasCounted(sha256))) {
      this.gaveUp(sha256, { kind });
      return undefined;
    }
    const history = this.remember(sha256);
    history.deaths++;
    history.how = describe(death);
    const isHeld = history.heldUntil !== undefined && kind !== 'trial';
    if (isHeld || (kind !== 'trial' && history.deaths < DEATHS_TO_QUARANTINE)) return undefined;
    this.holdLonger(history);
    return this.holdOn(sha256)?.reason;
  }

  /** A run that was answered: what died before was not the model's habit. */
  answered(sha256: string, { kind }: Pass): void {
    if (!this.proven.has(sha256)) this.proven.set(sha256, true);
    const history = this.histories.get(sha256);
    if (history === undefined) return;
    // One that began before the model was held proves nothing.
    if (history.heldUntil !== undefined && kind !== 'trial') return;
    if (kind === 'trial') history.forgetAt = this.nowMs() + FORGET_AFTER_MS;
    history.deaths = 0;
    history.heldUntil = undefined;
    history.onTrial = false;
    if (history.holdMs === 0 || this.nowMs() >= history.forgetAt) this.histories.delete(sha256);
  }

  /** Whether the first death of a question under a model that answers others stands against it already. */
  private hasCounted(sha256: string): boolean {
    return this.proven.has(sha256) && (this.histories.get(sha256)?.deaths ?? 0) > 0;
  }

  /** A run that ended without a word on the model: the next one may be the trial. */
  gaveUp(sha256: string, { kind }: Pass): void {
    const history = this.histories.get(sha256);
    if (history !== undefined && kind === 'trial') history.onTrial = false;
  }

  private holdLonger(history: History): void {
    const now = this.nowMs();
    const isKnown = history.heldUntil !== undefined || now < history.forgetAt;
    history.holdMs = isKnown ? Math.min(2 * history.holdMs, LONGEST_HOLD_MS) : FIRST_HOLD_MS;
    history.heldUntil = now + history.holdMs;
    history.onTrial = false;
  }

  private remember(sha256: string): History {
    const history = this.histories.get(sha256) ?? {
      deaths: 0,
      how: '',
      holdMs: 0,
      heldUntil: undefined,
      onTrial: false,
      forgetAt: -Infinity,
    };
    this.histories.delete(sha256);
    this.histories.set(sha256, history);
    const oldest = this.histories.keys().next();
    if (this.histories.size > MAX_REMEMBERED && !oldest.done) this.histories.delete(oldest.value);
    return history;
  }
}

function describe(death: Death): string {
  return death.cause === 'timeout'
    ? 'did not end within the time limit'
    : `ended the process (${death.signal ?? `exit code ${death.code}`})`;
}
