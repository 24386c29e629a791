import type { Bus } from '../../kernel/bus';
import type { Outbox } from '../../kernel/outbox';
import type { Transaction } from '../../kernel/database/sql';
import { PurgeStore } from './purge.store';
import type { Experiment, Run } from '../run';
import { RunChangeStore } from '../live/run-change.store';
import { experimentTopic, runsPurged } from '../tracking.events';

/** Runs of one transaction that are taken out of their project: some tens of milliseconds. */
export const RUNS_PER_TAKING = 500;

/**
 * How runs and experiments go out of everybody's sight, each as a whole and for good. What they consist of is deleted
 * later, see `purge-worker.ts`: a server that is killed has taken them or not.
 */
export class RunTaking {
  private readonly store = new PurgeStore();
  private readonly changes: RunChangeStore;

  constructor(private readonly needs: { readonly bus: Bus; readonly outbox: Outbox }) {
    this.changes = new RunChangeStore(needs.bus);
  }

  /** @param runs of one project, whose rows the caller holds `FOR UPDATE` */
  async take(tx: Transaction, runs: readonly Run[]): Promise<void> {
    if (runs.length === 0) return;
    const ids = runs.map(({ id }) => id);
    for (const event of runsPurged(runs)) await this.needs.outbox.append(tx, event);
    await this.store.takeRuns(tx, ids);
    await this.changes.tell(tx, ids, 'purged', (runs[0] as Run).projectId);
  }

  /** A part of its runs; the experiment itself with the last of them. @param experiment whose row the caller holds */
  async takeSome(tx: Transaction, experiment: Experiment): Promise<{ runs: number; isTaken: boolean }> {
    const ids = await this.store.runIdsOf(tx, experiment, null, RUNS_PER_TAKING);
    const runs = await this.store.holdRuns(tx, experiment.projectId, ids);
    await this.take(tx, runs);
    const isTaken = ids.length < RUNS_PER_TAKING;
    if (isTaken) {
      await this.store.takeExperiment(tx, experiment);
      await this.needs.bus.wake(tx, experimentTopic(experiment.id));
    }
    return { runs: runs.length, isTaken };
  }
}
