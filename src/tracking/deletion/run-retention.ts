import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../../kernel/errors';
import { idOf } from '../../kernel/ids';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import { ExperimentStore } from '../experiment.store';
import { checkRule, isEmptyRule, KEEP_ALL, type ObeyedRule, type RetentionRule } from './retention-rule';
import { RetentionWork, type Progress } from './retention-work';
import { RetentionStore, type DeletedRuns, type RuledRuns } from './retention.store';
import type { Experiment, ExperimentId, RunId } from '../run';
import type { RunDeletionNeeds } from './deletion-needs';
import { experimentDeleted } from '../tracking.errors';

const DAY_MS = 86_400_000;
/** Runs that one call takes for good: some seconds of work. Who has more calls again. */
const RUNS_PER_CALL = 1_000;
/** Experiments that one call takes for good. */
const EXPERIMENTS_PER_CALL = 100;
/** Runs that are counted before a rule is set: who sees that many has seen enough, after some seconds. */
const MAX_COUNTED = 100_000;
/** Experiments in one call's list: a screen's worth of check boxes. */
const MAX_EXPERIMENTS = 100;

/** What a rule comes to now. */
interface Consequences {
  /** Runs that it says to delete. */
  readonly wouldDelete: number;
  /** Deleted runs that it says to take for good. */
  readonly wouldPurge: number;
}
export type RetentionSet = Consequences & { readonly ok: true; readonly experiment: Experiment };
export type SetRetention = RetentionRule & {
  readonly experimentId: string;
  /** To obey the project's rule again, and have none of its own. */
  readonly inherit: boolean;
  readonly dryRun: boolean;
};
export type ProjectRetentionSet = Consequences & {
  readonly ok: true;
  readonly retention: RetentionRule | null;
};
export type SetProjectRetention = RetentionRule & { readonly dryRun: boolean };

export interface PurgeDeleted {
  readonly deletedBefore: Date;
  /** Null: of all. */
  readonly experimentIds: readonly string[] | null;
  readonly dryRun: boolean;
}
export type DeletedPurged = {
  readonly ok: true;
  readonly runs: number;
  readonly experiments: number;
  /** Runs that stay since something came from them. */
  readonly runsInUse: number;
  /** Whether another call would find more. */
  readonly hasMore: boolean;
};

/** Rules of how long runs are kept, and what is done where somebody wants it done now. */
export class RunRetention {
  private readonly store = new RetentionStore();
  private readonly experiments = new ExperimentStore();
  private readonly work: RetentionWork;

  constructor(private readonly needs: RunDeletionNeeds) {
    this.work = new RetentionWork(needs);
  }

  /**
   * The experiment's rule, whole: one that says nothing keeps everything, whatever the project's says. It is obeyed
   * within the hour; a dry run only says what it would come to.
   */
  async set(actor: Actor, { experimentId, inherit, dryRun, ...rule }: SetRetention) {
    authorize(actor, 'tracking:purge');
    const invalid = inherit && !isEmptyRule(rule) ? twoRules() : checkRule(rule);
    if (invalid) return refuse(invalid);
    const id: ExperimentId | null = idOf('experiment', experimentId);
    if (id === null) return refuse(notFound('experiment', experimentId));
    const { projectId } = actor;
    return refusableTransaction<RetentionSet, NotFound | InvalidInput>(this.needs.database, async (tx) => {
      const experiment = await this.experiments.hold(tx, projectId, id);
      if (!experiment) return refuse(notFound('experiment', experimentId));
      if (experiment.deletedAt) return refuse(experimentDeleted('experimentId', experiment.name));
      const obeyed = inherit ? await this.store.ofProject(tx, projectId) : rule;
      const inOne = (part: (tx: Transaction) => Promise<Progress>) => part(tx);
      const ruled = { ...(obeyed ?? KEEP_ALL), projectId, experiments: [id] };
      const consequences = await this.consequencesOf(ruled, inOne);
      if (!dryRun && inherit) await this.store.remove(tx, id);
      else if (!dryRun) await this.store.put(tx, experiment, rule, this.needs.clock.now());
      return { ok: true, experiment, ...consequences };
    });
  }

  /** The rule of experiments that have none of their own, whole. */
  async setOfProject(
    actor: Actor,
    { dryRun, ...rule }: SetProjectRetention,
  ): Promise<ProjectRetentionSet | Refusal<InvalidInput>> {
    authorize(actor, 'tracking:purge');
    const invalid = checkRule(rule);
    if (invalid) return refuse(invalid);
    const { database, clock } = this.needs;
    const { projectId } = actor;
    const ruled = { ...rule, projectId, experiments: 'WITHOUT_RULE' } as const;
    // There may be many: each part in a transaction of its own.
    const consequences = await this.consequencesOf(ruled, (part) => database.transaction(part));
    if (!dryRun) await this.store.putOfProject(database, projectId, rule, clock.now());
    return { ok: true, retention: saying(await this.store.ofProject(database, projectId)), ...consequences };
  }

  /** Null where nothing goes by itself. */
  async ofProject(actor: Actor): Promise<RetentionRule | null> {
    authorize(actor, 'platform:read');
    return saying(await this.store.ofProject(this.needs.database, actor.projectId));
  }

  async rulesByExperimentIds(actor: Actor, ids: readonly ExperimentId[]): Promise<ObeyedRule[]> {
    authorize(actor, 'platform:read');
    const rules = await this.store.rules(this.needs.database, actor.projectId, ids);
    return rules.map((rule) => ({ isOwn: rule?.isOwn ?? false, rule: saying(rule) }));
  }

  /** Takes for good what was deleted before a time: runs, and then experiments all of whose runs may go. */
  async purgeDeleted(
    actor: Actor,
    { deletedBefore, experimentIds, dryRun }: PurgeDeleted,
  ): Promise<DeletedPurged | Refusal<NotFound | InvalidInput>> {
    authorize(actor, 'tracking:purge');
    const { database } = this.needs;
    const ids = experimentIds
      ?.slice(0, MAX_EXPERIMENTS)
      .map((id): ExperimentId | null => idOf('experiment', id));
    const unknown = ids ? ids.indexOf(null) : -1;
    if (experimentIds && experimentIds.length > MAX_EXPERIMENTS)
      return refuse(tooManyExperiments(experimentIds.length));
    if (unknown >= 0) return refuse(notFound('experiment', experimentIds?.[unknown] ?? ''));
    const which: DeletedRuns = {
      projectId: actor.projectId,
      experiments: ids?.filter((id) => id !== null) ?? 'ALL',
      before: deletedBefore,
    };
    const inUse: RunId[] = [];
    let [runs, after] = [0, null as RunId | null];
    do {
      const from = after;
      const part = await database.transaction((tx) =>
        this.work.purgeSome(tx, which, { after: from, isDryRun: dryRun }),
      );
      runs += part.done;
      inUse.push(...part.inUse);
      after = part.after;
    } while (after !== null && (dryRun || runs < RUNS_PER_CALL));
    if (after !== null) return { ok: true, runs, experiments: 0, runsInUse: inUse.length, hasMore: true };
    const emptied = await this.store.emptied(database, which, inUse, EXPERIMENTS_PER_CALL);
    if (!dryRun)
      for (const id of emptied) await database.transaction((tx) => this.work.purgeExperiment(tx, which, id));
    const hasMore = emptied.length === EXPERIMENTS_PER_CALL;
    return { ok: true, runs, experiments: emptied.length, runsInUse: inUse.length, hasMore };
  }

  private async consequencesOf(
    ruled: RuledRuns,
    inTransaction: (part: (tx: Transaction) => Promise<Progress>) => Promise<Progress>,
  ): Promise<Consequences> {
    const which = deletedBy(ruled, this.needs.clock.now());
    return {
      wouldDelete: await total((after) => inTransaction((tx) => this.work.countSome(tx, ruled, after))),
      wouldPurge: which
        ? await total((after) =>
            inTransaction((tx) => this.work.purgeSome(tx, which, { after, isDryRun: true })),
          )
        : 0,
    };
  }
}

/** The deleted runs that a rule says to take for good; null where it says nothing of them. */
export function deletedBy(
  { projectId, experiments, purgeDeletedAfterDays }: RuledRuns,
  now: Date,
): DeletedRuns | null {
  if (purgeDeletedAfterDays === null) return null;
  const before = new Date(now.getTime() - purgeDeletedAfterDays * DAY_MS);
  return { projectId, experiments, before };
}

/** A rule that says nothing is shown as none. */
const saying = (rule: RetentionRule | null): RetentionRule | null =>
  rule === null || isEmptyRule(rule) ? null : rule;

const twoRules = () =>
  invalidInput([{ path: 'inherit', expected: 'no days beside it', actual: 'true, and a rule' }]);

const tooManyExperiments = (count: number) =>
  invalidInput([
    { path: 'experimentIds', expected: `at most ${MAX_EXPERIMENTS} experiments`, actual: String(count) },
  ]);

async function total(part: (after: RunId | null) => Promise<Progress>): Promise<number> {
  let [sum, after] = [0, null as RunId | null];
  do {
    const progress = await part(after);
    sum += progress.done;
    after = progress.after;
  } while (after !== null && sum < MAX_COUNTED);
  return sum;
}
