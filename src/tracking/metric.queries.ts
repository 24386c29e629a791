import type { DatasetVersionId } from '../datasets/datasets';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/sql';
import type { StoredColumns } from './metric-columns';
import type { MetricSummary, RunId } from './run';

/** One call's points of one series, as they are stored. */
export interface StoredChunk extends StoredColumns {
  readonly runId: RunId;
  readonly key: string;
  readonly seq: bigint;
}

interface SummaryRow {
  readonly runId: RunId;
  readonly key: string;
  readonly last: number;
  readonly lastStep: string;
  readonly lastTimestampMs: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly count: string;
  readonly datasetVersionId: DatasetVersionId | null;
}
type ChunkRow = Omit<StoredChunk, 'seq'> & { readonly seq: string };

const CHUNK = 'c.run_id AS "runId", c.key, c.seq, c.steps, c."values", c.timestamps';

export class MetricQueries {
  constructor(private readonly sql: SqlRunner) {}

  async summaries(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[] | null,
  ): Promise<(readonly MetricSummary[])[]> {
    const rows = await this.sql.query<SummaryRow>(
      `/* tracking.summaries */
       SELECT run_id AS "runId", key, last_value AS last, last_step AS "lastStep", last_timestamp_ms AS "lastTimestampMs",
         min, max, point_count AS count, dataset_version_id AS "datasetVersionId"
       FROM metric_series
       WHERE project_id = $1 AND run_id = ANY($2) AND ($3::text[] IS NULL OR key = ANY($3))
       ORDER BY key COLLATE "C", subject COLLATE "C"`,
      [projectId, runIds, keys],
    );
    const lists = new Map<RunId, MetricSummary[]>(runIds.map((id) => [id, []]));
    for (const { runId, lastStep, lastTimestampMs, count, ...row } of rows) {
      lists.get(runId)?.push({
        ...row,
        lastStep: BigInt(lastStep),
        lastTimestamp: new Date(Number(lastTimestampMs)),
        count: Number(count),
      });
    }
    return runIds.map((id) => lists.get(id) ?? []);
  }

  /** In order of arrival. */
  async chunks(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[],
  ): Promise<readonly StoredChunk[]> {
    const rows = await this.sql.query<ChunkRow>(
      `/* tracking.chunks */ SELECT ${CHUNK} FROM metric_chunk c
       WHERE c.project_id = $1 AND c.run_id = ANY($2) AND c.key = ANY($3) AND c.subject = '' ORDER BY c.seq`,
      [projectId, runIds, keys],
    );
    return rows.map(toChunk);
  }

  /**
   * Whole calls after `after` up to `upTo`, in order of arrival, until `maxPoints` points are reached: the call that
   * reaches them is still given.
   */
  async chunksBetween(
    runId: RunId,
    keys: readonly string[] | null,
    { after, upTo, maxPoints }: { readonly after: bigint; readonly upTo: bigint; readonly maxPoints: number },
  ): Promise<readonly StoredChunk[]> {
    const rows = await this.sql.query<ChunkRow>(
      `/* tracking.chunksBetween */ SELECT ${CHUNK} FROM (
         SELECT *, sum(point_count) OVER (ORDER BY seq GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS points_before
         FROM metric_chunk
         WHERE run_id = $1 AND seq > $2 AND seq <= $3 AND ($4::text[] IS NULL OR key = ANY($4)) AND subject = ''
       ) c WHERE coalesce(c.points_before, 0) < $5 ORDER BY c.seq`,
      [runId, String(after), String(upTo), keys, maxPoints],
    );
    return rows.map(toChunk);
  }
}

const toChunk = ({ seq, ...row }: ChunkRow): StoredChunk => ({ ...row, seq: BigInt(seq) });
