import type { DatasetVersionId } from '../../datasets/datasets';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import { SUM_UNIT } from './chunk-facts';
import type { MetricFolder } from './metric-folder';
import { isOfModelSql, isOfRunSql } from './metric-subject';
import type { MetricSummary, RunId } from '../run';
import type { StepRange } from './step-range';
import { type Calls, type StoredChunk, FIRST_SEQ } from './stored-chunk';

interface SummaryRow {
  readonly runId: RunId;
  readonly key: string;
  readonly last: number;
  readonly lastStep: string;
  readonly lastTimestampMs: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly minStep: string | null;
  readonly maxStep: string | null;
  readonly numberCount: string | null;
  readonly scaledSum: number | null;
  readonly count: string;
  readonly datasetVersionId: DatasetVersionId | null;
  /** Whether one of the runs that were asked for has points that this does not know of. */
  readonly areTailed: boolean;
}

/** Which series of a run: null for those of all its metrics. */
export interface WantedSeries {
  readonly keys: readonly string[] | null;
  /** See `metric-subject.ts`. */
  readonly subject: string;
}

/** A series of a run, and where it ends for who reads it. */
export interface SeriesExtent {
  readonly runId: RunId;
  readonly key: string;
  readonly subject: string;
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
export interface PagedChunk extends StoredChunk {
  readonly place: number;
}

export interface KeyedChunk extends StoredChunk {
  readonly key: string;
}

/** How much of several series is read at a time. */
export interface PageLimits {
  readonly maxPoints: number;
  readonly maxChunks: number;
}

/** How much of a run's news is read at a time. */
export interface DeltaLimits {
  /** After which the next calls wait; the call that reaches them is still given. */
  readonly maxPoints: number;
  /** Points of all chunks that would have to be read for it. */
  readonly maxRead: number;
}

type AsText<Row extends { readonly seq: bigint; readonly firstSeq: bigint }> = Omit<
  Row,
  'seq' | 'firstSeq'
> & {
  readonly seq: string;
  readonly firstSeq: string;
};
const CALLS = `c.format, c.seq, ${FIRST_SEQ} AS "firstSeq", c.seqs`;

/**
 * Reads chunks and summaries. What `summaries` and `extents` tell of a run is all that its callers were told to be
 * kept.
 */
export class MetricQueries {
  constructor(
    private readonly sql: SqlRunner,
    private readonly tails: Pick<MetricFolder, 'foldRuns'>,
  ) {}

  /** @param model the subject of a logged model: what the runs measured of it. Null: their own series */
  async summaries(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[] | null,
    model: string | null = null,
  ): Promise<(readonly MetricSummary[])[]> {
    const rows = await this.summaryRows(projectId, runIds, keys, model);
    const lists = new Map<RunId, MetricSummary[]>(runIds.map((id) => [id, []]));
    for (const row of rows) lists.get(row.runId)?.push(toSummary(row));
    return runIds.map((id) => lists.get(id) ?? []);
  }

  private async summaryRows(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[] | null,
    model: string | null,
  ): Promise<readonly SummaryRow[]> {
    const isWanted = model === null ? isOfRunSql('subject') : isOfModelSql('subject', '$4::text');
    const read = () =>
      this.sql.query<SummaryRow>(
        `/* tracking.summaries */
       SELECT run_id AS "runId", key, last_value AS last, last_step AS "lastStep", last_timestamp_ms AS "lastTimestampMs",
         min, max, min_step AS "minStep", max_step AS "maxStep", number_count AS "numberCount",
         scaled_sum AS "scaledSum", point_count AS count, dataset_version_id AS "datasetVersionId",
         EXISTS (SELECT FROM run r WHERE r.id = ANY($2) AND r.tail_after IS NOT NULL) AS "areTailed"
       FROM metric_series
       WHERE project_id = $1 AND run_id = ANY($2) AND ($3::text[] IS NULL OR key = ANY($3)) AND ${isWanted}
       ORDER BY key COLLATE "C", subject COLLATE "C"`,
        [projectId, runIds, keys, ...(model === null ? [] : [model])],
        { prepareAs: model === null ? 'tracking.summaries' : 'tracking.summaries.model' },
      );
    const rows = await read();
    if (!rows[0]?.areTailed) return rows; // a series has its row before its run has a tail
    await this.tails.foldRuns(projectId, runIds);
    return read();
  }

  /** Those that have points, by run and key; each ends where its run stands now. */
  async extents(
    projectId: ProjectId,
    runIds: readonly RunId[],
    { keys, subject }: WantedSeries,
  ): Promise<readonly SeriesExtent[]> {
    const read = () =>
      this.sql.query<{ runId: RunId; key: string; pointCount: string; upTo: string; isTailed: boolean }>(
        `/* tracking.extents */
       SELECT s.run_id AS "runId", s.key, s.point_count AS "pointCount", coalesce(r.tail_after, r.last_seq) AS "upTo",
         r.tail_after IS NOT NULL AS "isTailed"
       FROM metric_series s JOIN run r ON r.id = s.run_id AND r.project_id = s.project_id
       WHERE s.project_id = $1 AND s.run_id = ANY($2) AND ($3::text[] IS NULL OR s.key = ANY($3)) AND s.subject = $4
       ORDER BY s.run_id, s.key COLLATE "C"`,
        [projectId, runIds, keys, subject],
      );
    let rows = await read();
    const tailed = new Set(rows.flatMap(({ runId, isTailed }) => (isTailed ? [runId] : [])));
    if (tailed.size > 0) {
      await this.tails.foldRuns(projectId, [...tailed]);
      rows = await read();
    }
    return rows.map(({ runId, key, pointCount, upTo }) => ({
      ...{ runId, key, subject },
      pointCount: Number(pointCount),
      upTo: BigInt(upTo),
    }));
  }

  /**
   * Chunks of these series that may have points of these steps, one series after the other, each in order of arrival,
   * until `maxPoints` points or `maxChunks` chunks are reached: the chunk that reaches them is still given. The points
   * are counted over narrow rows, so that what is left for the next page is not read with this one.
   */
  async chunkPage(
    rest: readonly SeriesRest[],
    { fromStep, toStep }: StepRange,
    { maxPoints, maxChunks }: PageLimits,
  ): Promise<readonly PagedChunk[]> {
    const rows = await this.sql.query<AsText<PagedChunk> & { readonly place: string }>(
      `/* tracking.chunkPage */
       SELECT page.place - 1 AS place, c.* FROM (
         SELECT ahead.*, sum(point_count) OVER (ORDER BY place, seq) - point_count AS points_before FROM (
           SELECT wanted.*, c.seq, c.point_count
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
             AS wanted (run_id, key, subject, after, up_to, place)
           CROSS JOIN LATERAL (
             SELECT c.seq, c.point_count FROM metric_chunk c
             WHERE c.run_id = wanted.run_id AND c.key = wanted.key AND c.subject = wanted.subject
               AND c.seq > after AND ${FIRST_SEQ} <= up_to
               AND ($6::bigint IS NULL OR c.max_step IS NULL OR c.max_step >= $6)
               AND ($7::bigint IS NULL OR c.min_step IS NULL OR c.min_step <= $7)
             ORDER BY c.seq LIMIT $8
           ) c
           ORDER BY place, seq LIMIT $8
         ) ahead
       ) page
       CROSS JOIN LATERAL (
         SELECT ${CALLS}, c.steps, c."values", c.timestamps FROM metric_chunk c
         WHERE c.run_id = page.run_id AND c.key = page.key AND c.subject = page.subject AND c.seq = page.seq LIMIT 1
       ) c
       WHERE points_before < $9 ORDER BY page.place, page.seq`,
      [
        rest.map(({ extent }) => extent.runId),
        rest.map(({ extent }) => extent.key),
        rest.map(({ extent }) => extent.subject),
        rest.map(({ after }) => after),
        rest.map(({ extent }) => extent.upTo),
        ...[fromStep, toStep, maxChunks, maxPoints],
      ],
    );
    return rows.map((row) => withSeqs<PagedChunk>({ ...row, place: Number(row.place) }));
  }

  /**
   * What whole calls after `after` up to `upTo` logged, until `maxPoints` points are reached; with the last of these
   * calls. Chunks may hold points of other calls too. Null where so many chunks reach into these calls that there is
   * too much to read: those that were joined hold points of calls far apart.
   */
  async chunksBetween(
    runId: RunId,
    { keys, subject }: WantedSeries,
    { after, upTo }: Calls,
    { maxPoints, maxRead }: DeltaLimits,
  ): Promise<{ readonly upTo: bigint; readonly chunks: readonly KeyedChunk[] } | null> {
    const isWanted = `c.run_id = $1 AND c.seq > $2 AND ($4::text[] IS NULL OR c.key = ANY($4)) AND c.subject = $5`;
    const rows = await this.sql.query<
      AsText<KeyedChunk> & { readonly cut: string; readonly isTooMuch: boolean }
    >(
      `/* tracking.chunksBetween */ WITH ahead AS (
         SELECT c.seq, c.point_count FROM metric_chunk c WHERE ${isWanted} AND ${FIRST_SEQ} <= $3
         ORDER BY c.seq FETCH FIRST ($6) ROWS WITH TIES
       ), cut AS (
         SELECT LEAST(min(seq), $3::bigint) AS seq FROM (
           SELECT seq, sum(point_count) OVER (ORDER BY seq) AS points FROM ahead
         ) counted WHERE points >= $6
       ), read AS (
         SELECT c.key, c.seq, cut.seq AS cut, sum(c.point_count) OVER () > $7 AS is_too_much
         FROM metric_chunk c CROSS JOIN cut WHERE ${isWanted} AND ${FIRST_SEQ} <= cut.seq
       )
       SELECT c.key, ${CALLS}, read.cut, read.is_too_much AS "isTooMuch",
         CASE WHEN NOT is_too_much THEN c.steps END AS steps, CASE WHEN NOT is_too_much THEN c."values" END AS "values",
         CASE WHEN NOT is_too_much THEN c.timestamps END AS timestamps
       FROM read JOIN metric_chunk c ON c.run_id = $1 AND c.key = read.key AND c.subject = $5 AND c.seq = read.seq
       ORDER BY c.seq`,
      [runId, after, upTo, keys, subject, maxPoints, maxRead],
    );
    if (rows[0]?.isTooMuch) return null;
    return { upTo: BigInt(rows[0]?.cut ?? upTo), chunks: rows.map((row) => withSeqs<KeyedChunk>(row)) };
  }
}

function withSeqs<Row extends { readonly seq: bigint; readonly firstSeq: bigint }>(row: AsText<Row>): Row {
  return { ...row, seq: BigInt(row.seq), firstSeq: BigInt(row.firstSeq) } as unknown as Row;
}

function toSummary(row: SummaryRow): MetricSummary {
  const { key, last, min, max, datasetVersionId, scaledSum } = row;
  const numbers = Number(row.numberCount ?? 0);
  return {
    ...{ key, last, min, max, datasetVersionId },
    lastStep: BigInt(row.lastStep),
    lastTimestamp: new Date(Number(row.lastTimestampMs)),
    minStep: row.minStep === null ? null : BigInt(row.minStep),
    maxStep: row.maxStep === null ? null : BigInt(row.maxStep),
    mean: scaledSum === null || numbers === 0 ? null : (scaledSum / numbers) * SUM_UNIT,
    count: Number(row.count),
  };
}
