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

/** A series of a run, and where it ends for who reads it. */
export interface SeriesExtent {
  readonly runId: RunId;
  readonly key: string;
  /** Points up to that end; there may be fewer. */
  readonly pointCount: number;
  /** The last call of the run that counts. */
  readonly upTo: bigint;
}

/** What is still to be read of a series. */
export interface SeriesRest {
  readonly extent: SeriesExtent;
  /** The last call that was read. */
  readonly after: bigint;
}

/** A chunk on a page, and the place of its series among those that were asked for. */
export interface PagedChunk extends StoredColumns {
  readonly place: number;
  readonly seq: bigint;
}

type WithTextSeq<Row extends { readonly seq: bigint }> = Omit<Row, 'seq'> & { readonly seq: string };

const POINTS = 'c.steps, c."values", c.timestamps';

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

  /** Those that have points, by run and key; each ends where its run stands now. */
  async extents(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[] | null,
  ): Promise<readonly SeriesExtent[]> {
    const rows = await this.sql.query<{ runId: RunId; key: string; pointCount: string; upTo: string }>(
      `/* tracking.extents */
       SELECT s.run_id AS "runId", s.key, s.point_count AS "pointCount", r.last_seq AS "upTo"
       FROM metric_series s JOIN run r ON r.id = s.run_id
       WHERE s.project_id = $1 AND s.run_id = ANY($2) AND ($3::text[] IS NULL OR s.key = ANY($3)) AND s.subject = ''
       ORDER BY s.run_id, s.key COLLATE "C"`,
      [projectId, runIds, keys],
    );
    return rows.map(({ pointCount, upTo, ...row }) => ({
      ...row,
      pointCount: Number(pointCount),
      upTo: BigInt(upTo),
    }));
  }

  /**
   * Chunks of these series, one series after the other, each in order of arrival, until `maxPoints` points or
   * `maxChunks` chunks are reached: the chunk that reaches them is still given. The points are counted over narrow
   * rows, so that what is left for the next page is not read with this one.
   */
  async chunkPage(
    rest: readonly SeriesRest[],
    { maxPoints, maxChunks }: { readonly maxPoints: number; readonly maxChunks: number },
  ): Promise<readonly PagedChunk[]> {
    const rows = await this.sql.query<WithTextSeq<PagedChunk> & { readonly place: string }>(
      `/* tracking.chunkPage */
       SELECT page.place - 1 AS place, page.seq, c.* FROM (
         SELECT ahead.*, sum(point_count) OVER (ORDER BY place, seq) - point_count AS points_before FROM (
           SELECT wanted.*, c.seq, c.point_count
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
             AS wanted (run_id, key, after, up_to, place)
           CROSS JOIN LATERAL (
             SELECT seq, point_count FROM metric_chunk
             WHERE run_id = wanted.run_id AND key = wanted.key AND subject = '' AND seq > after AND seq <= up_to
             ORDER BY seq LIMIT $5
           ) c
           ORDER BY place, seq LIMIT $5
         ) ahead
       ) page
       CROSS JOIN LATERAL (
         SELECT ${POINTS} FROM metric_chunk c
         WHERE c.run_id = page.run_id AND c.key = page.key AND c.subject = '' AND c.seq = page.seq LIMIT 1
       ) c
       WHERE points_before < $6 ORDER BY page.place, page.seq`,
      [
        rest.map(({ extent }) => extent.runId),
        rest.map(({ extent }) => extent.key),
        rest.map(({ after }) => String(after)),
        rest.map(({ extent }) => String(extent.upTo)),
        maxChunks,
        maxPoints,
      ],
    );
    return rows.map((row) => ({ ...row, place: Number(row.place), seq: BigInt(row.seq) }));
  }

  /**
   * Whole calls after `after` up to `upTo`, in order of arrival, until `maxPoints` points are reached: the call that
   * reaches them is still given. They are within as many chunks, since none is empty.
   */
  async chunksBetween(
    runId: RunId,
    keys: readonly string[] | null,
    { after, upTo, maxPoints }: { readonly after: bigint; readonly upTo: bigint; readonly maxPoints: number },
  ): Promise<readonly StoredChunk[]> {
    const rows = await this.sql.query<WithTextSeq<StoredChunk>>(
      `/* tracking.chunksBetween */ SELECT c.run_id AS "runId", c.key, c.seq, ${POINTS} FROM (
         SELECT *, sum(point_count) OVER (ORDER BY seq GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS points_before
         FROM (
           SELECT * FROM metric_chunk
           WHERE run_id = $1 AND seq > $2 AND seq <= $3 AND ($4::text[] IS NULL OR key = ANY($4)) AND subject = ''
           ORDER BY seq FETCH FIRST ($5) ROWS WITH TIES
         ) ahead
       ) c WHERE coalesce(c.points_before, 0) < $5 ORDER BY c.seq`,
      [runId, String(after), String(upTo), keys, maxPoints],
    );
    return rows.map((row) => ({ ...row, seq: BigInt(row.seq) }));
  }
}
