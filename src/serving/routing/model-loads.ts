import type { Logger } from '../../kernel/logger';
import type { Backend } from '../execution/backend';
import { LOAD_AGAIN_AFTER_MS } from '../execution/load-again';
import type { NeededModel } from './route-change';
import type { ServedModel } from '../predictions/served-model';
import { WorkerUnavailable, type UnavailableReason } from '../execution/worker-unavailable';

/**
 * How long whoever changes a route waits for its new versions, in ms. Loading goes on, and traffic moves when it is
 * done.
 */
export const LOAD_WAIT_MS = 5_000;

/** Why a version can be to blame; all else passes by itself. */
const ITS_FAULT: readonly UnavailableReason[] = ['load-failed', 'memory', 'quarantined'];

/** A version that is to be ready on the workers. */
export interface WantedModel extends NeededModel {
  /** Whether traffic reaches it already: should it be pushed out of memory, its callers bring it back. */
  readonly isInUse: boolean;
}

/** Why a version takes no traffic yet, and since when that is so. */
export interface Wait {
  readonly reason: string;
  readonly since: Date;
}

interface Loading {
  readonly kind: 'loading';
  readonly since: Date;
  isSlow: boolean;
  /** With the load, or when nobody waits for it any longer. */
  readonly ends: Promise<void>;
  stopWaiting(): void;
}
type State =
  Loading | { readonly kind: 'ready' } | (Wait & { readonly kind: 'failed'; readonly retryAt: number });

/** Makes versions ready before traffic reaches them, and knows which ones are. */
export class ModelLoads {
  private readonly states = new Map<string, State>();
  private stopped = false;

  constructor(
    private readonly needs: {
      readonly backend: Backend;
      readonly logger: Logger;
      /** Told when a version has become ready or has failed, and when one takes longer than LOAD_WAIT_MS. */
      readonly changed: () => void;
      /** In ms; never put back. Absent: performance.now(). */
      readonly nowMs?: () => number;
    },
  ) {}

  /** Begins to load what is neither ready nor on its way, and forgets what is neither wanted nor there any more. */
  want(wanted: readonly WantedModel[]): void {
    if (this.stopped) return; // a read of the routes may have been under way
    const names = new Set(wanted.map(({ model }) => model.file.sha256));
    for (const [sha256, { kind }] of this.states) {
      const isGone = kind === 'ready' ? !this.needs.backend.holds(sha256) : kind === 'failed';
      if (isGone && !names.has(sha256)) this.states.delete(sha256);
    }
    for (const one of wanted) if (this.mustLoad(one)) this.load(one);
  }

  isReady(sha256: string): boolean {
    return this.states.get(sha256)?.kind === 'ready' && this.needs.backend.holds(sha256);
  }

  /** Whether it may be ready soon. */
  isOnItsWay(sha256: string): boolean {
    const state = this.states.get(sha256);
    return state?.kind === 'loading' && !state.isSlow;
  }

  /** Why a version that is wanted is not ready; null where it is. */
  waitOf(sha256: string): Wait | null {
    const state = this.states.get(sha256);
    if (state === undefined || state.kind === 'ready') return null;
    if (state.kind === 'loading') return { reason: 'It is being loaded.', since: state.since };
    // A model that is held back comes nearer to its next try with each second.
    return { reason: this.needs.backend.whyNot(sha256) ?? state.reason, since: state.since };
  }

  /**
   * Resolves when those among them that are on their way are ready or have failed, or LOAD_WAIT_MS after they began.
   */
  async settled(names: readonly string[]): Promise<void> {
    const states = names.map((sha256) => this.states.get(sha256));
    await Promise.all(states.flatMap((state) => (state?.kind === 'loading' ? [state.ends] : [])));
  }

  /** Nobody waits any more, and nothing is told. */
  stop(): void {
    this.stopped = true;
    for (const state of this.states.values()) if (state.kind === 'loading') state.stopWaiting();
  }

  private mustLoad({ model, isInUse }: WantedModel): boolean {
    const { sha256 } = model.file;
    const state = this.states.get(sha256);
    switch (state?.kind) {
      case undefined:
        return true;
      case 'loading':
        return false;
      case 'ready':
        return !isInUse && !this.needs.backend.holds(sha256);
      case 'failed':
        return this.now() >= state.retryAt;
    }
  }

  private load({ model, rows }: WantedModel): void {
    const { sha256 } = model.file;
    const lastReason = this.waitOf(sha256)?.reason;
    const loading = waiting(() => this.needs.changed());
    this.states.set(sha256, loading);
    const end = (state: () => State): void => {
      if (this.stopped) return;
      this.states.set(sha256, state());
      this.needs.changed();
      loading.stopWaiting();
    };
    this.needs.backend.load(model.file, rows).then(
      () => end(() => ({ kind: 'ready' })),
      (error: unknown) => end(() => this.failed(model, error, lastReason)),
    );
  }

  private failed({ version }: ServedModel, error: unknown, lastReason: string | undefined): State {
    const reason = error instanceof Error ? error.message : String(error);
    const passes = error instanceof WorkerUnavailable && !ITS_FAULT.includes(error.reason);
    const facts = { err: error, version: version.ref };
    const message = 'a version that endpoints are to run cannot be loaded; what ran before goes on';
    if (passes) this.needs.logger.warn(facts, message);
    else if (reason !== lastReason) this.needs.logger.error(facts, message);
    const retryAt = passes ? 0 : this.now() + LOAD_AGAIN_AFTER_MS;
    return { kind: 'failed', reason, since: new Date(), retryAt };
  }

  private now(): number {
    return this.needs.nowMs?.() ?? performance.now();
  }
}

/** @param becameSlow called where it has not ended within LOAD_WAIT_MS */
function waiting(becameSlow: () => void): Loading {
  let end = (): void => undefined;
  const ends = new Promise<void>((resolve) => (end = resolve));
  const limit = setTimeout(() => {
    loading.isSlow = true;
    becameSlow();
    end();
  }, LOAD_WAIT_MS);
  const loading: Loading = {
    kind: 'loading',
    since: new Date(),
    isSlow: false,
    ends,
    stopWaiting: () => {
      clearTimeout(limit);
      end();
    },
  };
  return loading;
}
