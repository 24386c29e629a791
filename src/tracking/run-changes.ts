import type { Actor } from '../kernel/actor';
import type { Bus } from '../kernel/bus';
import type { Clock } from '../kernel/clock';
import type { Database } from '../kernel/database/database';
import { invalidInput, notFound, refuse, shorten } from '../kernel/errors';
import type { InvalidInput, NotFound, Refusal } from '../kernel/errors';
import { idOf } from '../kernel/ids';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import { ExperimentStore } from './experiment.store';
import type { Run, RunId } from './run';
import { RunChangeStore } from './live/run-change.store';
import { checkRunUpdate, MAX_TAGS, type UpdateRunInput } from './tracking-input';
import { RunStore } from './run.store';
import { RunSetupStore } from './setup/run-setup.store';
import { isRefused, sourceByTags, type FactRule } from './setup/source-by-tags';
import { sourceInTags } from './setup/source-tags';
import { experimentDeleted, runDeleted, tooManyTags } from './tracking.errors';
import { runTopic } from './tracking.events';

export type RunChanged = { readonly ok: true; readonly run: Run };
export type RunsChanged = { readonly ok: true; readonly runs: readonly Run[] };

/** Runs in one call that deletes or restores: what a person marks on a screen. */
export const MAX_RUNS_PER_CALL = 1_000;

/** What may be changed of a run whether it goes on or has ended. The front door has checked that the caller may. */
export class RunChanges {
  private readonly store = new RunStore();
  private readonly experiments = new ExperimentStore();
  private readonly changes: RunChangeStore;
  private readonly setupStore = new RunSetupStore();

  constructor(
    private readonly needs: { readonly database: Database; readonly bus: Bus; readonly clock: Clock },
  ) {
    this.changes = new RunChangeStore(needs.bus);
  }

  /**
   * Changes what is given: its name, and tags, which are put or taken away one by one.
   *
   * @param rule of tags that are facts of the run
   */
  async update(
    actor: Actor,
    input: UpdateRunInput,
    rule: FactRule,
  ): Promise<RunChanged | Refusal<NotFound | InvalidInput>> {
    const invalid = checkRunUpdate(input);
    if (invalid) return refuse(invalid);
    const id: RunId | null = idOf('run', input.runId);
    if (id === null) return refuse(notFound('run', input.runId));
    const { name, removeTags } = input;
    const { tags } = sourceInTags(input.tags ?? []);
    return refusableTransaction<RunChanged, NotFound | InvalidInput>(this.needs.database, async (tx) => {
      const before = await this.store.hold(tx, actor.projectId, id);
      if (!before) return refuse(notFound('run', input.runId));
      if (before.deletedAt) return refuse(runDeleted(before));
      const source = sourceByTags(before.source, { tags: input.tags ?? [], removeTags }, rule);
      if (source && isRefused(source)) return refuse(source);
      const run = source ? await this.setupStore.putSource(tx, before, source) : before;
      if (removeTags?.length) await this.store.removeTags(tx, before, removeTags);
      if (tags.length > 0 && (await this.store.putTags(tx, before, tags)) > MAX_TAGS)
        return refuse(tooManyTags());
      const isRenamed = typeof name === 'string' && name !== before.name;
      const told = isRenamed ? await this.store.rename(tx, run, name) : run;
      if (isRenamed) await this.changes.tell(tx, [id], 'name');
      return { ok: true, run: told };
    });
  }

  /** Those that are deleted already stay so. All or none. */
  async delete(
    actor: Actor,
    nodeIds: readonly string[],
  ): Promise<RunsChanged | Refusal<NotFound | InvalidInput>> {
    return this.mark(actor, nodeIds, this.needs.clock.now());
  }

  /** All or none; not while their experiment is deleted. */
  async restore(
    actor: Actor,
    nodeIds: readonly string[],
  ): Promise<RunsChanged | Refusal<NotFound | InvalidInput>> {
    return this.mark(actor, nodeIds, null);
  }

  private async mark(
    { projectId }: Actor,
    nodeIds: readonly string[],
    deletedAt: Date | null,
  ): Promise<RunsChanged | Refusal<NotFound | InvalidInput>> {
    if (nodeIds.length > MAX_RUNS_PER_CALL) return refuse(tooManyRuns(nodeIds.length));
    const ids = nodeIds.map((nodeId): RunId | null => idOf('run', nodeId));
    return refusableTransaction<RunsChanged, NotFound | InvalidInput>(this.needs.database, async (tx) => {
      const known = ids.filter((id) => id !== null);
      // Before the runs, as whoever deletes an experiment takes its row before theirs.
      const experiments = deletedAt ? [] : await this.experiments.shareOf(tx, projectId, known);
      const marked = await this.store.mark(tx, projectId, known, deletedAt);
      const runs = marked.map(({ run }) => run);
      const byId = new Map(runs.map((run) => [run.id, run]));
      const missing = nodeIds.find((_, index) => !byId.has(ids[index] as RunId));
      if (missing !== undefined) return refuse(notFound('run', missing));
      const deleted = experiments.find((experiment) => experiment.deletedAt !== null);
      if (deleted) return refuse(experimentDeleted('runIds', deleted.name));
      for (const { id } of runs) await this.needs.bus.wake(tx, runTopic(id));
      const changed = marked.filter(({ isChanged }) => isChanged).map(({ run }) => run.id);
      await this.changes.tell(tx, changed, 'lifecycle');
      return { ok: true, runs: ids.map((id) => byId.get(id as RunId) as Run) };
    });
  }
}

export const tooManyRuns = (count: number) =>
  invalidInput([
    { path: 'runIds', expected: `at most ${MAX_RUNS_PER_CALL} runs`, actual: shorten(String(count)) },
  ]);
