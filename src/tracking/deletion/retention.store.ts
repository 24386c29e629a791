import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner, Transaction } from '../../kernel/database/sql';
import { rowsByIds } from '../grouped-rows';
import { GOING } from './purge.store';
import { KEEP_TAG, type RetentionRule } from './retention-rule';
import type { ExperimentId, RunId } from '../run';

/** Any number, the same for ever: it names our lock among a database's advisory locks. */
const RETENTION_LOCK = 4_715_062_208;

/** Columns of rules, and what they are called. */
const DAYS = [
  ['delete_after_days', 'deleteRunsAfterDays'],
  ['delete_failed_after_days', 'deleteFailedRunsAfterDays'],
  ['purge_deleted_after_days', 'purgeDeletedAfterDays'],
] as const;
const PROJECT_RULE = DAYS.map(([column, name]) => `p.${column} AS "${name}"`).join(', ');
/** An experiment's own rule, else its project's: never something of both. */
const OBEYED_RULE = DAYS.map(
  ([column, name]) => `CASE WHEN t.experiment_id IS NULL THEN p.${column} ELSE t.${column} END AS "${name}"`,
).join(', ');
const OBEYING = `experiment e LEFT JOIN experiment_retention t ON t.experiment_id = e.id
  LEFT JOIN project_retention p ON p.project_id = e.project_id AND t.experiment_id IS NULL`;
const IS_KEPT = `EXISTS (SELECT 1 FROM run_tag k WHERE k.run_id = r.id AND k.key = '${KEEP_TAG}' AND k.value <> 'false')`;

/** Which experiments of a project: some, all, or those without a rule of their own, which obey the project's. */
export type Experiments = readonly ExperimentId[] | 'ALL' | 'WITHOUT_RULE';

export interface DeletedRuns {
  readonly projectId: ProjectId;
  readonly experiments: Experiments;
  readonly before: Date;
}

/** An experiment that obeys a rule. */
export interface RuledPlace {
  readonly projectId: ProjectId;
  readonly experimentId: ExperimentId;
}
export type RuledExperiment = RuledPlace & RetentionRule;

/** A rule, and those who obey it. */
export type RuledRuns = RetentionRule & Omit<DeletedRuns, 'before'>;

interface ExpiredPage {
  readonly now: Date;
  readonly after: RunId | null;
  readonly limit: number;
  readonly isHeld: boolean;
}

/** Rules of how long runs are kept, and the runs whose time is over. */
export class RetentionStore {
  async put(
    tx: Transaction,
    { id, projectId }: { readonly id: ExperimentId; readonly projectId: ProjectId },
    rule: RetentionRule,
    now: Date,
  ): Promise<void> {
    await tx.query(
      `/* tracking.putRetention */ INSERT INTO experiment_retention
         (experiment_id, project_id, delete_after_days, delete_failed_after_days, purge_deleted_after_days, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (experiment_id) DO UPDATE SET delete_after_days = excluded.delete_after_days,
         delete_failed_after_days = excluded.delete_failed_after_days,
         purge_deleted_after_days = excluded.purge_deleted_after_days, updated_at = excluded.updated_at`,
      [
        id,
        projectId,
        rule.deleteRunsAfterDays,
        rule.deleteFailedRunsAfterDays,
        rule.purgeDeletedAfterDays,
        now,
      ],
    );
  }

  /** From then on the experiment obeys its project's. */
  async remove(tx: Transaction, id: ExperimentId): Promise<void> {
    await tx.query(
      '/* tracking.removeRetention */ DELETE FROM experiment_retention WHERE experiment_id = $1',
      [id],
    );
  }

  async putOfProject(sql: SqlRunner, projectId: ProjectId, rule: RetentionRule, now: Date): Promise<void> {
    const { deleteRunsAfterDays, deleteFailedRunsAfterDays, purgeDeletedAfterDays } = rule;
    await sql.query(
      `/* tracking.putProjectRetention */ INSERT INTO project_retention
         (project_id, delete_after_days, delete_failed_after_days, purge_deleted_after_days, updated_at)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (project_id) DO UPDATE SET delete_after_days = excluded.delete_after_days,
         delete_failed_after_days = excluded.delete_failed_after_days,
         purge_deleted_after_days = excluded.purge_deleted_after_days, updated_at = excluded.updated_at`,
      [projectId, deleteRunsAfterDays, deleteFailedRunsAfterDays, purgeDeletedAfterDays, now],
    );
  }

  async ofProject(sql: SqlRunner, projectId: ProjectId): Promise<RetentionRule | null> {
    const [rule = null] = await sql.query<RetentionRule>(
      `/* tracking.projectRetention */ SELECT ${PROJECT_RULE} FROM project_retention p WHERE p.project_id = $1`,
      [projectId],
    );
    return rule;
  }

  /** The rules that experiments obey; null for those that are not there. */
  async rules(
    sql: SqlRunner,
    projectId: ProjectId,
    ids: readonly ExperimentId[],
  ): Promise<((RetentionRule & { readonly isOwn: boolean }) | null)[]> {
    const rows = await sql.query<RetentionRule & { readonly id: ExperimentId; readonly isOwn: boolean }>(
      `/* tracking.retentionRules */ SELECT e.id, t.experiment_id IS NOT NULL AS "isOwn", ${OBEYED_RULE}
       FROM ${OBEYING} WHERE e.project_id = $1 AND e.id = ANY($2)`,
      [projectId, ids],
    );
    return rowsByIds(ids, rows);
  }

  /** Experiments with a rule that says something, of all projects, in order, beginning after one of them. */
  ruled(sql: SqlRunner, after: ExperimentId | null, limit: number): Promise<RuledPlace[]> {
    return sql.query(
      `/* tracking.ruledExperiments */ SELECT e.id AS "experimentId", e.project_id AS "projectId" FROM ${OBEYING}
       WHERE e.purge_asked_at IS NULL AND e.project_id <> $3 AND ($1::uuid IS NULL OR e.id > $1)
         AND num_nonnulls(${DAYS.map(([column]) => `t.${column}, p.${column}`).join(', ')}) > 0
       ORDER BY e.id LIMIT $2`,
      [after, limit, GOING],
    );
  }

  /** Until the transaction ends, no other server obeys rules. False where one does. */
  async isAlone(tx: Transaction): Promise<boolean> {
    const [row] = await tx.query<{ isOurs: boolean }>(
      '/* tracking.lockRetention */ SELECT pg_try_advisory_xact_lock($1) AS "isOurs"',
      [RETENTION_LOCK],
    );
    return row?.isOurs ?? false;
  }

  /**
   * Runs that a rule says to delete, in order, after one of them; not those that go on, or are to be kept.
   *
   * @param isHeld whether nobody changes them until the transaction ends
   */
  async expired(
    sql: SqlRunner,
    { projectId, experiments, deleteRunsAfterDays, deleteFailedRunsAfterDays }: RuledRuns,
    { now, after, limit, isHeld }: ExpiredPage,
  ): Promise<readonly RunId[]> {
    const rows = await sql.query<{ id: RunId }>(
      `/* tracking.expiredRuns */ SELECT r.id FROM run r
       WHERE ${among(experiments, 'r.experiment_id', '$1')} AND r.project_id = $2
         AND r.deleted_at IS NULL AND r.status <> 'RUNNING'
         AND (r.ended_at < $3::timestamptz - make_interval(days => $4)
           OR (r.status = 'FAILED' AND r.ended_at < $3::timestamptz - make_interval(days => $5)))
         AND NOT ${IS_KEPT} AND ($6::uuid IS NULL OR r.id > $6) ORDER BY r.id LIMIT $7 ${isHeld ? 'FOR NO KEY UPDATE' : ''}`,
      [idsIn(experiments), projectId, now, deleteRunsAfterDays, deleteFailedRunsAfterDays, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Runs that have been deleted before a time, in order, after one of them; not those that are to be kept. */
  async deleted(
    sql: SqlRunner,
    { projectId, experiments, before }: DeletedRuns,
    after: RunId | null,
    limit: number,
  ): Promise<readonly RunId[]> {
    const rows = await sql.query<{ id: RunId }>(
      `/* tracking.deletedRuns */ SELECT r.id FROM run r
       WHERE r.project_id = $1 AND r.deleted_at < $2 AND ${among(experiments, 'r.experiment_id', '$3')}
         AND NOT ${IS_KEPT} AND ($4::uuid IS NULL OR r.id > $4) ORDER BY r.id LIMIT $5`,
      [projectId, before, idsIn(experiments), after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Experiments that have been deleted before a time, and every run of which may go.
   *
   * @param inUse runs that something came from
   */
  async emptied(
    sql: SqlRunner,
    { projectId, experiments, before }: DeletedRuns,
    inUse: readonly RunId[],
    limit: number,
  ): Promise<readonly ExperimentId[]> {
    const rows = await sql.query<{ id: ExperimentId }>(
      `/* tracking.emptiedExperiments */ SELECT e.id FROM experiment e
       WHERE e.project_id = $1 AND e.deleted_at < $2 AND e.purge_asked_at IS NULL
         AND ${among(experiments, 'e.id', '$3')}
         AND NOT EXISTS (
           SELECT 1 FROM run r WHERE r.experiment_id = e.id AND r.project_id = $1
             AND (r.deleted_at IS NULL OR r.deleted_at >= $2 OR r.id = ANY($4) OR ${IS_KEPT}))
       ORDER BY e.id LIMIT $5`,
      [projectId, before, idsIn(experiments), inUse, limit],
    );
    return rows.map(({ id }) => id);
  }
}

const idsIn = (experiments: Experiments): readonly ExperimentId[] | null =>
  typeof experiments === 'string' ? null : experiments;

/** Whether a column names one of these experiments; the parameter has their ids, or null. */
function among(experiments: Experiments, column: string, parameter: string): string {
  if (typeof experiments !== 'string') return `${column} = ANY(${parameter}::uuid[])`;
  const any = `${parameter}::uuid[] IS NULL`;
  if (experiments === 'ALL') return any;
  return `${any} AND NOT EXISTS (SELECT 1 FROM experiment_retention o WHERE o.experiment_id = ${column})`;
}
