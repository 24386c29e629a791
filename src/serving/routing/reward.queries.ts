import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import type { Rewards } from './bandit';
import type { PredictionSource } from '../feedback/prediction-id';

/** Rewards of the newest predictions of a variant, by which a strategy goes: older ones are of another time. */
export const REMEMBERED_REWARDS = 5_000;
/** Rewards of the newest predictions of a variant that a comparison goes by: some tenths of a second to read. */
export const COMPARED_REWARDS = 100_000;

/** A variant with one version. */
export type RewardKey = Omit<PredictionSource, 'byRule'>;

/** Everything that a comparison needs of a variant's rewards; null where there is none. */
export interface RewardSummary extends Rewards {
  readonly min: number | null;
  readonly max: number | null;
  /** When the first of them was predicted. */
  readonly since: Date | null;
}

const SUMMARY = `count(recent.reward)::integer AS count, coalesce(avg(recent.reward), 0) AS mean,
  coalesce(var_pop(recent.reward), 0) * count(recent.reward) AS m2, coalesce(bool_and(recent.reward IN (0, 1)), true) AS "isBinary"`;

/**
 * Rewards of predictions that chance has given to a variant: those that a rule has sent there, or that have asked for
 * its version, come from callers of one kind, and would make a variant look better or worse than it is.
 */
const RECENT = `SELECT * FROM prediction_feedback f WHERE f.endpoint_id = wanted.endpoint_id
  AND f.variant = wanted.variant AND f.version_id = wanted.version_id AND NOT f.by_rule`;

export class RewardQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** One statement, whatever the number of variants; for each, in their order. */
  async recentRewards(keys: readonly RewardKey[]): Promise<readonly Rewards[]> {
    return this.sql.query<Rewards>(
      `/* serving.recentRewards */ SELECT ${SUMMARY}
       FROM unnest($1::uuid[], $2::text[], $3::uuid[])
         WITH ORDINALITY AS wanted (endpoint_id, variant, version_id, place)
       LEFT JOIN LATERAL (${RECENT} ORDER BY f.predicted_at DESC LIMIT ${REMEMBERED_REWARDS}) recent ON true
       GROUP BY wanted.place ORDER BY wanted.place`,
      columnsOf(keys),
    );
  }

  /**
   * As `recentRewards`, of one project, for variants that are held against each other: from when all of them had
   * rewards, and none has more than are compared, so that none is judged by a time that the others have not seen.
   */
  async comparableRewards(
    projectId: ProjectId,
    keys: readonly RewardKey[],
  ): Promise<readonly RewardSummary[]> {
    return this.sql.query<RewardSummary>(
      `/* serving.comparableRewards */ WITH wanted AS (
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[])
           WITH ORDINALITY AS wanted (endpoint_id, variant, version_id, place)
       ), began AS (
         SELECT max(counted.since) AS at FROM wanted CROSS JOIN LATERAL (
           SELECT min(newest.predicted_at) AS since
           FROM (${RECENT} ORDER BY f.predicted_at DESC LIMIT ${COMPARED_REWARDS}) newest
         ) counted
       )
       SELECT ${SUMMARY}, min(recent.reward) AS min, max(recent.reward) AS max, min(recent.predicted_at) AS since
       FROM wanted LEFT JOIN LATERAL (${RECENT} AND f.project_id = $4 AND f.predicted_at >= (SELECT at FROM began)
         ORDER BY f.predicted_at DESC LIMIT ${COMPARED_REWARDS}) recent ON true
       GROUP BY wanted.place ORDER BY wanted.place`,
      [...columnsOf(keys), projectId],
    );
  }
}

const columnsOf = (keys: readonly RewardKey[]) => [
  keys.map(({ endpointId }) => endpointId),
  keys.map(({ variant }) => variant),
  keys.map(({ versionId }) => versionId),
];
