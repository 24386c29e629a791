import type { Transaction } from '../../kernel/database/sql';
import { PurgeStore } from './purge.store';
import { RetentionStore, type DeletedRuns, type RuledExperiment, type RuledRuns } from './retention.store';
import type { ProjectId } from '../../kernel/ids';
import type { RunDeletionNeeds } from './deletion-needs';
import type { ExperimentId, RunId } from '../run';
import { RunChangeStore } from '../live/run-change.store';
import { RunTaking, RUNS_PER_TAKING } from './run-taking';
import { RunStore } from '../run.store';
import { runsExpired, runTopic } from '../tracking.events';

/** Where work through runs in the order of their ids stands. */
export interface Progress {
  /** Runs that were deleted, or went for good. */
  readonly done: number;
  /** Runs that stay, since something came from them. */
  readonly inUse: readonly RunId[];
  /** The last run that was looked at; null where it was the last of all. */
  readonly after: RunId | null;
}

/** What is done with runs whose time is over, so many in each transaction. */
export class RetentionWork {
  private readonly purges = new PurgeStore();
  private readonly retention = new RetentionStore();
  private readonly runs = new RunStore();
  private readonly changes: RunChangeStore;
  private readonly taking: RunTaking;

  constructor(private readonly needs: RunDeletionNeeds) {
    this.changes = new RunChangeStore(needs.bus);
    this.taking = new RunTaking(needs);
  }

  /** Deletes runs by a rule, so that they may be restored; tells of it in an event. */
  async deleteSome(
    tx: Transaction,
    { projectId, experimentId, ...rule }: RuledExperiment,
    after: RunId | null,
  ): Promise<Progress> {
    const now = this.needs.clock.now();
    const page = { now, after, limit: RUNS_PER_TAKING, isHeld: true };
    const ruled = { ...rule, projectId, experiments: [experimentId] };
    const ids = await this.retention.expired(tx, ruled, page);
    const { free, inUse } = await this.sorted(tx, projectId, ids);
    if (free.length > 0) {
      await this.runs.mark(tx, projectId, free, now);
      await this.needs.outbox.append(tx, runsExpired(projectId, experimentId, free));
      for (const id of free) await this.needs.bus.wake(tx, runTopic(id));
      await this.changes.tell(tx, free, 'lifecycle');
    }
    return { done: free.length, inUse, after: lastOf(ids) };
  }

  /** Counts what would be deleted. */
  async countSome(tx: Transaction, ruled: RuledRuns, after: RunId | null): Promise<Progress> {
    const page = { now: this.needs.clock.now(), after, limit: RUNS_PER_TAKING, isHeld: false };
    const ids = await this.retention.expired(tx, ruled, page);
    const { free, inUse } = await this.sorted(tx, ruled.projectId, ids);
    return { done: free.length, inUse, after: lastOf(ids) };
  }

  /** Takes deleted runs for good. @param isDryRun only counts them */
  async purgeSome(
    tx: Transaction,
    which: DeletedRuns,
    { after, isDryRun = false }: { readonly after: RunId | null; readonly isDryRun?: boolean },
  ): Promise<Progress> {
    const ids = await this.retention.deleted(tx, which, after, RUNS_PER_TAKING);
    const { free, inUse } = await this.sorted(tx, which.projectId, ids);
    if (isDryRun) return { done: free.length, inUse, after: lastOf(ids) };
    const held = await this.purges.holdRuns(tx, which.projectId, free);
    const gone = held.filter(({ deletedAt }) => deletedAt !== null && deletedAt < which.before);
    await this.taking.take(tx, gone); // but for those that were restored a moment ago
    return { done: gone.length, inUse, after: lastOf(ids) };
  }

  /** An experiment that is to go with the runs that it still has. */
  async purgeExperiment(
    tx: Transaction,
    { projectId, before }: DeletedRuns,
    id: ExperimentId,
  ): Promise<void> {
    const experiment = await this.purges.holdExperiment(tx, projectId, id);
    if (!experiment?.deletedAt || experiment.deletedAt >= before) return;
    await this.purges.askExperiment(tx, experiment, this.needs.clock.now());
    await this.taking.takeSome(tx, experiment);
  }

  private async sorted(tx: Transaction, projectId: ProjectId, ids: readonly RunId[]) {
    const users = ids.length > 0 ? await this.needs.users.usersOf(tx, projectId, ids) : [];
    const used = new Set(users.map(({ runId }) => runId));
    return { free: ids.filter((id) => !used.has(id)), inUse: ids.filter((id) => used.has(id)) };
  }
}

const lastOf = (ids: readonly RunId[]) => (ids.length < RUNS_PER_TAKING ? null : (ids.at(-1) ?? null));
