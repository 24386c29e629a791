import type { Bus } from '../../kernel/bus';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner, Transaction } from '../../kernel/database/sql';
import { concatColumns, toBytes, type SeriesColumns } from './metric-columns';
import {
  Bytes,
  columnsOf,
  FACT_COLUMNS,
  factRow,
  mergeSql,
  nameOf,
  partSql,
  rowsSql,
  sourceOf,
} from './metric-rows';
import { packColumn } from './packed-column';
import type { Run, RunId } from '../run';
import { PACKED } from './stored-chunk';
import { runTopicSql } from '../tracking.events';
import { RUN } from '../tracking.queries';
import type { Takers } from '../tracking.store';

/** What one or several calls log to one run. */
export interface RunPoints {
  readonly projectId: ProjectId;
  readonly runId: RunId;
  readonly takers: Takers;
  readonly series: readonly SeriesColumns[];
}

export interface AddedPoints {
  readonly run: Run;
  /** Series that the run did not have. */
  readonly newSeries: number;
}

const COLUMNS = {
  project_id: 'uuid',
  run_id: 'uuid',
  key: 'text',
  subject: 'text',
  dataset_version_id: 'uuid',
  steps_at: 'int',
  values_at: 'int',
  timestamps_at: 'int',
  ends_at: 'int',
} as const;

const WANTED = 'unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS w (run_id, project_id, may_have_ended)';

/** Writes points. */
export class MetricStore {
  constructor(private readonly bus: Pick<Bus, 'wakeSql'>) {}

  /**
   * Keeps points in one statement, which is a transaction by itself: it takes the runs' rows, and with each its next
   * number; then chunks and summaries are written, and readers are woken.
   *
   * @param runs each run once, each series of a run once; one run, unless nobody else writes to this database, since
   *   the order in which rows are taken is not known
   * @returns the runs that take points and have no tail; of the others nothing is kept
   */
  async add(sql: SqlRunner, runs: readonly RunPoints[]): Promise<ReadonlyMap<RunId, AddedPoints>> {
    const bytes = new Bytes();
    const chunks = runs.flatMap((run) => run.series.map((one) => chunkOf(run, one, bytes)));
    const rows = await sql.query<Run & { readonly newSeries: number }>(
      `/* tracking.addPoints */ WITH r AS (
         UPDATE run AS r SET last_seq = r.last_seq + 1
         FROM ${sourceOf(runs.length, WANTED)} AS wanted
         WHERE r.id = wanted.run_id AND r.project_id = wanted.project_id
           AND (r.status = 'RUNNING' OR wanted.may_have_ended) AND r.deleted_at IS NULL AND r.tail_after IS NULL
         RETURNING r.*
       ), chunk AS (
         SELECT r.last_seq AS seq, c.* FROM ${rowsSql('c', COLUMNS, 5)}
         JOIN r ON r.id = c.run_id AND r.project_id = c.project_id
       ), added AS (
         INSERT INTO metric_chunk (run_id, key, subject, seq, project_id, point_count, format, min_step, max_step,
           steps, "values", timestamps)
         SELECT run_id, key, subject, seq, project_id, point_count, ${PACKED}, lowest_step, highest_step,
           ${partSql('$4::bytea', 'steps_at', 'values_at')}, ${partSql('$4::bytea', 'values_at', 'timestamps_at')},
           ${partSql('$4::bytea', 'timestamps_at', 'ends_at')}
         FROM chunk
       ), merged AS (${mergeSql('chunk')})
       SELECT ${RUN}, ${this.bus.wakeSql(runTopicSql('r.id'))} AS woken,
         (SELECT count(*)::int FROM merged WHERE merged.run_id = r.id AND is_new) AS "newSeries"
       FROM r`,
      [
        runs.map(({ runId }) => runId),
        runs.map(({ projectId }) => projectId),
        runs.map(({ takers }) => takers === 'ALL'),
        bytes.all(),
        ...columnsOf(chunks, Object.keys(COLUMNS).length + FACT_COLUMNS),
      ],
      { prepareAs: nameOf(runs.length, 'tracking.addPoints') },
    );
    return new Map(rows.map(({ newSeries, ...run }) => [run.id, { run, newSeries }]));
  }

  async countSeries(tx: Transaction, runId: RunId): Promise<number> {
    const [row] = await tx.query<{ count: string }>(
      '/* tracking.countSeries */ SELECT count(*) AS count FROM metric_series WHERE run_id = $1',
      [runId],
    );
    return Number(row?.count);
  }
}

/** Several calls of one run as one: a series that is in many of them is one series, in order of arrival. */
export function joinCalls(calls: readonly (readonly SeriesColumns[])[]): readonly SeriesColumns[] {
  const [first] = calls;
  if (first && calls.length === 1) return first;
  const parts = new Map<string, SeriesColumns[]>();
  for (const one of calls.flat()) {
    const name = `${one.subject}\0${one.key}`;
    const ofSeries = parts.get(name);
    if (ofSeries) ofSeries.push(one);
    else parts.set(name, [one]);
  }
  return [...parts.values()].map((ofSeries) => ({
    ...(ofSeries[0] as SeriesColumns),
    ...concatColumns(ofSeries),
  }));
}

/** A row of parameters. */
function chunkOf({ projectId, runId }: RunPoints, series: SeriesColumns, bytes: Bytes): readonly unknown[] {
  return [
    ...[projectId, runId, series.key, series.subject, series.datasetVersionId],
    ...[bytes.add(packColumn(series.steps)), bytes.add(toBytes(series.values))],
    ...[bytes.add(packColumn(series.timestamps)), bytes.end],
    ...factRow(series),
  ];
}
