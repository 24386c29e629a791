import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';
import type { EndpointId } from '../serving/serving';
import type { ModelVersionId } from '../registry/registry';
import { MINUTE, SECOND, type AskedId } from './latency-row';
import type { MeasuredRow } from './latency-window';
import type { DifferenceCounts } from './shadow-differences';
import type { WindowGrid } from './window-grid';

/** Most rows of one grid that a statement brings, 10 MB: half a second of one process. */
const MAX_ROWS = 20_000;

export interface GridKey {
  readonly askedId: AskedId;
  readonly grid: WindowGrid;
}

/** Rows of one grid, in order of time. */
export interface RowsOfGrid {
  readonly rows: readonly MeasuredRow[];
  /** From when there are more; null: these are all. */
  readonly nextMs: number | null;
}

type StoredRow = Omit<MeasuredRow, 'requests' | 'errors' | 'batched' | 'batchSizes'> &
  Record<'place' | 'requests' | 'errors' | 'batched' | 'batchSizes', string>;

/** A shadow and the variant that answered callers, each with one version. */
export interface ShadowPair {
  readonly endpointId: EndpointId;
  readonly shadow: { readonly variant: string; readonly versionId: ModelVersionId };
  readonly live: { readonly variant: string; readonly versionId: ModelVersionId };
}

export class MonitoringQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** The first rows of each grid, whole windows of them. One statement, whatever the number of keys. */
  async rows(projectId: ProjectId, keys: readonly GridKey[]): Promise<RowsOfGrid[]> {
    const seconds = (part: (grid: WindowGrid) => number) => keys.map(({ grid }) => part(grid) / 1000);
    const rows = await this.sql.query<StoredRow>(
      `/* monitoring.rows */ SELECT wanted.place, extract(epoch FROM w.window_start)::float8 * 1000 AS "startMs",
         w.variant, w.version_id AS "versionId", w.weight, w.shadow, w.requests, w.errors, w.batched,
         w.batch_sizes AS "batchSizes", w.total_ms AS total, w.queue_ms AS queue, w.compute_ms AS compute,
         w.door, w.parse_ms AS parse, w.encode_ms AS encode, w.batch_rows AS "batchRows", w.failures,
         w.ran_on AS "ranOn", w.closed,
         CASE WHEN w.remote_ms IS NOT NULL THEN
           jsonb_build_object('processor', jsonb_build_object('busyMs', w.busy_ms, 'paidMs', w.paid_ms),
             'accelerator', jsonb_build_object('busyMs', w.accelerator_busy_ms, 'paidMs', w.accelerator_paid_ms),
             'remote', jsonb_build_object('busyMs', w.remote_ms, 'paidMs', w.remote_ms)) END AS spent
       FROM unnest($2::uuid[], $3::float8[], $4::float8[], $5::float8[])
         WITH ORDINALITY AS wanted (endpoint_id, from_s, seconds_from_s, until_s, place)
       JOIN LATERAL (
         SELECT * FROM (
           SELECT * FROM latency_window l
           WHERE l.project_id = $1 AND l.endpoint_id = wanted.endpoint_id AND l.width_s = ${MINUTE}
             AND l.window_start >= to_timestamp(wanted.from_s) AND l.window_start < to_timestamp(wanted.seconds_from_s)
           UNION ALL
           SELECT * FROM latency_window l
           WHERE l.project_id = $1 AND l.endpoint_id = wanted.endpoint_id AND l.width_s = ${SECOND}
             AND l.window_start >= to_timestamp(wanted.seconds_from_s) AND l.window_start < to_timestamp(wanted.until_s)
         ) measured ORDER BY measured.window_start LIMIT ${MAX_ROWS}
       ) w ON true
       ORDER BY wanted.place, w.window_start, w.version_id`,
      [
        projectId,
        keys.map(({ askedId }) => askedId),
        seconds(({ fromMs }) => fromMs),
        seconds(({ secondsFromMs }) => secondsFromMs),
        seconds(({ untilMs }) => untilMs),
      ],
    );
    const byKey = keys.map((): MeasuredRow[] => []);
    for (const { place, requests, errors, batched, batchSizes, ...row } of rows) {
      byKey[Number(place) - 1]?.push({
        ...row,
        requests: Number(requests),
        errors: Number(errors),
        batched: Number(batched),
        batchSizes: Number(batchSizes),
      });
    }
    return byKey.map(wholeWindows);
  }

  /** How the shadow's answers differed in the minutes since then, all together. */
  async differences(
    projectId: ProjectId,
    { endpointId, shadow, live }: ShadowPair,
    since: Date,
  ): Promise<DifferenceCounts> {
    const [row] = await this.sql.query<DifferenceCounts>(
      `/* monitoring.differences */ SELECT coalesce(sum(compared), 0)::float8 AS compared,
         coalesce(sum(disagreed), 0)::float8 AS disagreed, coalesce(sum(dropped), 0)::float8 AS dropped,
         coalesce(sum(value_count), 0)::float8 AS values, coalesce(sum(abs_difference), 0) AS "absDifference"
       FROM shadow_difference
       WHERE project_id = $1 AND endpoint_id = $2 AND window_start >= date_trunc('minute', $3::timestamptz)
         AND variant = $4 AND version_id = $5 AND live_variant = $6 AND live_version_id = $7`,
      [projectId, endpointId, since, shadow.variant, shadow.versionId, live.variant, live.versionId],
    );
    if (!row) throw new Error('A sum has one row.');
    return row;
  }
}

/** Without the last window where the limit may have cut it. */
function wholeWindows(rows: readonly MeasuredRow[]): RowsOfGrid {
  const last = rows.at(-1);
  if (!last || rows.length < MAX_ROWS) return { rows, nextMs: null };
  return { rows: rows.filter(({ startMs }) => startMs < last.startMs), nextMs: last.startMs };
}
