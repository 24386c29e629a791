import type { Logger } from '../../kernel/logger';
import { FailedLoads } from '../execution/load-again';
import type { FleetPlan } from './fleet-plan';
import { WorkerLost } from './worker-failure';
import type { WorkerLink } from './worker-link';

/**
 * Brings what endpoints run to workers that are to hold it and do not: one that has just started, or one that takes
 * over from another. One model at a time for each worker, which answers others meanwhile. What has no room anywhere is
 * brought by who asks it: two that make way for each other would be loaded again and again.
 */
export class FleetFilling {
  private readonly busy = new Set<string>();
  private readonly failedLoads = new FailedLoads();

  constructor(
    private readonly needs: {
      readonly plan: FleetPlan;
      readonly open: () => readonly WorkerLink[];
      /** Whether it is being loaded everywhere at the moment. */
      readonly isLoading: (sha256: string) => boolean;
      readonly logger: Logger;
    },
  ) {}

  look(): void {
    for (const link of this.needs.open()) if (!this.busy.has(link.name)) void this.fill(link);
  }

  private async fill(link: WorkerLink): Promise<void> {
    const { name } = link;
    const missing = this.missingAt(link);
    if (missing === undefined) return;
    const { sha256, rows } = missing;
    this.busy.add(name);
    try {
      await link.load(sha256, rows);
    } catch (err) {
      this.needs.logger.warn(
        { err, worker: name, sha256 },
        'a worker cannot load a model that endpoints run',
      );
      // One that was lost is looked at again when it is back.
      if (!(err instanceof WorkerLost)) this.failedLoads.failed(name, sha256);
    } finally {
      this.busy.delete(name);
    }
    this.look();
  }

  private missingAt(link: WorkerLink) {
    return this.needs.plan
      .fitting(link.name)
      .find(
        ({ sha256 }) =>
          !link.holds(sha256) &&
          !this.needs.isLoading(sha256) &&
          !this.failedLoads.mustWait(link.name, sha256),
      );
  }
}
