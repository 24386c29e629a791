import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { notFound, refuse, type InvalidInput, type NotFound, type Refusal } from '../../kernel/errors';
import { idOf } from '../../kernel/ids';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import { PurgeStore } from './purge.store';
import type { Experiment, ExperimentId, RunId } from '../run';
import { MAX_RUNS_PER_CALL, tooManyRuns } from '../run-changes';
import { RunRetention } from './run-retention';
import { RunTaking } from './run-taking';
import type { RunUser } from './run-users';
import { notDeletedYet, runsInUse, type InUse } from '../tracking.errors';
import type { RunDeletionNeeds } from './deletion-needs';

export type RunsGone = { readonly ok: true; readonly runs: number };
export type ExperimentGone = RunsGone & {
  /** False where some of its runs are left to the background, and it with them. */
  readonly isComplete: boolean;
};

/** Runs that are asked for at once whether something came from them. */
const RUNS_PER_LOOK = 5_000;

/** How runs and experiments go for good. They must have been deleted before. */
export class RunDeletion {
  private readonly store = new PurgeStore();
  private readonly taking: RunTaking;
  /** Rules by which it is done: use cases of their own, which authorise their callers too. */
  readonly retention: RunRetention;

  constructor(private readonly needs: RunDeletionNeeds) {
    this.taking = new RunTaking(needs);
    this.retention = new RunRetention(needs);
  }

  /** All or none. @param force also runs that something came from, which stays then */
  async purgeRuns(
    actor: Actor,
    { runIds, force }: { readonly runIds: readonly string[]; readonly force: boolean },
  ): Promise<RunsGone | Refusal<NotFound | InvalidInput | InUse>> {
    authorize(actor, 'tracking:purge');
    if (runIds.length > MAX_RUNS_PER_CALL) return refuse(tooManyRuns(runIds.length));
    const ids = runIds.map((nodeId): RunId | null => idOf('run', nodeId));
    const known = ids.filter((id) => id !== null);
    return refusableTransaction<RunsGone, NotFound | InvalidInput | InUse>(
      this.needs.database,
      async (tx) => {
        const runs = await this.store.holdRuns(tx, actor.projectId, known);
        const found = new Set<RunId | null>(runs.map(({ id }) => id));
        const missing = runIds.find((_, index) => !found.has(ids[index] ?? null));
        if (missing !== undefined) return refuse(notFound('run', missing));
        const active = runs.find(({ deletedAt }) => deletedAt === null);
        if (active) return refuse(notDeletedYet('runIds', 'run', active.name));
        const users = force ? [] : await this.needs.users.usersOf(tx, actor.projectId, known);
        if (users.length > 0) return refuse(runsInUse(users));
        await this.taking.take(tx, runs);
        return { ok: true, runs: runs.length };
      },
    );
  }

  /** With its runs. @param force also where something came from one of them, which stays then */
  async purgeExperiment(
    actor: Actor,
    { experimentId, force }: { readonly experimentId: string; readonly force: boolean },
  ): Promise<ExperimentGone | Refusal<NotFound | InvalidInput | InUse>> {
    authorize(actor, 'tracking:purge');
    const id: ExperimentId | null = idOf('experiment', experimentId);
    if (id === null) return refuse(notFound('experiment', experimentId));
    return refusableTransaction<ExperimentGone, NotFound | InvalidInput | InUse>(
      this.needs.database,
      async (tx) => {
        const experiment = await this.store.holdExperiment(tx, actor.projectId, id);
        if (!experiment) return refuse(notFound('experiment', experimentId));
        if (!experiment.deletedAt)
          return refuse(notDeletedYet('experimentId', 'experiment', experiment.name));
        const users = force ? [] : await this.usersWithin(tx, experiment);
        if (users.length > 0) return refuse(runsInUse(users));
        await this.store.askExperiment(tx, experiment, this.needs.clock.now());
        const { runs, isTaken } = await this.taking.takeSome(tx, experiment);
        return { ok: true, runs, isComplete: isTaken };
      },
    );
  }

  /** What came from runs of the experiment: as much as the first such runs tell. */
  private async usersWithin(tx: Transaction, experiment: Experiment): Promise<readonly RunUser[]> {
    let after: RunId | null = null;
    for (;;) {
      const ids: readonly RunId[] = await this.store.runIdsOf(tx, experiment, after, RUNS_PER_LOOK);
      const users = await this.needs.users.usersOf(tx, experiment.projectId, ids);
      if (users.length > 0 || ids.length < RUNS_PER_LOOK) return users;
      after = ids.at(-1) ?? null;
    }
  }
}
