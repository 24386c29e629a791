import type { LeasedModel } from '../execution/backend';
import { MAX_TIMEOUT_MS } from '../execution/max-timeout';
import type { Use } from './memory-budget';

/** How long a model is kept after its last route, in ms: nobody who was sent to it may wait any longer. */
export const DRAIN_MS = MAX_TIMEOUT_MS;

interface Lease {
  readonly model: LeasedModel;
  /** On the clock of `nowMs`; Infinity while endpoints run it. */
  endsAt: number;
}

/** Which models endpoints run, and have run until a moment ago. */
export class Leases {
  private readonly byModel = new Map<string, Lease>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** What endpoints run from now on; the others are kept until those who were sent to them have their answers. */
  replace(models: readonly LeasedModel[]): void {
    const now = this.nowMs();
    for (const [sha256, lease] of this.byModel) {
      lease.endsAt = Math.min(lease.endsAt, now + DRAIN_MS);
      if (lease.endsAt <= now) this.byModel.delete(sha256);
    }
    for (const model of models) this.byModel.set(model.file.sha256, { model, endsAt: Infinity });
  }

  use(sha256: string): Use {
    const lease = this.byModel.get(sha256);
    if (lease === undefined) return 'none';
    if (lease.endsAt === Infinity) return 'running';
    return lease.endsAt > this.nowMs() ? 'draining' : 'none';
  }

  /** What endpoints run now. */
  models(): readonly LeasedModel[] {
    return [...this.byModel.values()].flatMap(({ model, endsAt }) => (endsAt === Infinity ? [model] : []));
  }

  /** What endpoints run now, and have run until a moment ago. */
  kept(): readonly LeasedModel[] {
    const now = this.nowMs();
    return [...this.byModel.values()].flatMap(({ model, endsAt }) => (endsAt > now ? [model] : []));
  }
}
