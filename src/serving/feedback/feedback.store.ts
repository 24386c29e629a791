import type { ProjectId } from '../../kernel/ids';
import type { Transaction } from '../../kernel/database/sql';
import type { PredictionSource } from './prediction-id';

/** Feedback as it is kept. */
export interface FeedbackRow extends PredictionSource {
  readonly projectId: ProjectId;
  readonly predictionId: string;
  readonly reward: number;
  readonly truth: unknown;
  readonly predictedAt: Date;
}

/** Feedback that was there before. */
export interface KeptFeedback {
  readonly reward: number;
  /** Whether reward and truth are the ones that come again. */
  readonly isSame: boolean;
}

/** All rows of one call belong to one project. */
export class FeedbackStore {
  /** Keeps those whose prediction has no feedback yet; their predictions. */
  async add(tx: Transaction, rows: readonly FeedbackRow[]): Promise<ReadonlySet<string>> {
    const added = await tx.query<{ id: string }>(
      `/* serving.addFeedback */ INSERT INTO prediction_feedback (project_id, prediction_id, endpoint_id, variant,
         version_id, by_rule, reward, truth, predicted_at)
       SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::boolean[], $7::float8[], $8::jsonb[],
         $9::timestamptz[])
       ON CONFLICT DO NOTHING RETURNING prediction_id AS id`,
      [
        projectOf(rows),
        rows.map(({ predictionId }) => predictionId),
        rows.map(({ endpointId }) => endpointId),
        rows.map(({ variant }) => variant),
        rows.map(({ versionId }) => versionId),
        rows.map(({ byRule }) => byRule),
        rows.map(({ reward }) => reward),
        rows.map(({ truth }) => truthText(truth)),
        rows.map(({ predictedAt }) => predictedAt),
      ],
    );
    return new Set(added.map(({ id }) => id));
  }

  /** What is there of these predictions, locked. */
  async lock(tx: Transaction, rows: readonly FeedbackRow[]): Promise<ReadonlyMap<string, KeptFeedback>> {
    const kept = await tx.query<KeptFeedback & { id: string }>(
      `/* serving.lockFeedback */ SELECT f.prediction_id AS id, f.reward,
         f.reward = given.reward AND f.truth IS NOT DISTINCT FROM given.truth AS "isSame"
       FROM prediction_feedback f
       JOIN unnest($2::uuid[], $3::float8[], $4::jsonb[]) AS given (id, reward, truth) ON f.prediction_id = given.id
       WHERE f.project_id = $1 ORDER BY f.prediction_id FOR UPDATE OF f`,
      [projectOf(rows), ...corrections(rows)],
    );
    return new Map(kept.map(({ id, ...feedback }) => [id, feedback]));
  }

  /** The time stays the one of the first feedback: a correction does not count anew. */
  async replace(tx: Transaction, rows: readonly FeedbackRow[]): Promise<void> {
    await tx.query(
      `/* serving.replaceFeedback */ UPDATE prediction_feedback f SET reward = given.reward, truth = given.truth
       FROM unnest($2::uuid[], $3::float8[], $4::jsonb[]) AS given (id, reward, truth)
       WHERE f.project_id = $1 AND f.prediction_id = given.id`,
      [projectOf(rows), ...corrections(rows)],
    );
  }
}

const corrections = (rows: readonly FeedbackRow[]) => [
  rows.map(({ predictionId }) => predictionId),
  rows.map(({ reward }) => reward),
  rows.map(({ truth }) => truthText(truth)),
];

const truthText = (truth: unknown): string | null => (truth === null ? null : JSON.stringify(truth));

function projectOf([first]: readonly FeedbackRow[]): ProjectId {
  if (!first) throw new Error('There is feedback to keep.');
  return first.projectId;
}
