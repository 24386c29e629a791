import type { Bus } from '../../kernel/bus';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner, Transaction } from '../../kernel/database/sql';
import { inStoredOrder, type FoldedSeries, type TailCall } from './fold-calls';
import { toBytes } from './metric-columns';
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
import { packSheet, SheetReader } from './metric-sheet';
import type { RunPoints } from './metric.store';
import { packColumn } from './packed-column';
import type { Run, RunId } from '../run';
import { PACKED } from './stored-chunk';
import { runTopicSql } from '../tracking.events';
import { RUN } from '../tracking.queries';

/** How much of a run waits to be folded. */
export interface TailSize {
  readonly calls: number;
  readonly points: number;
}
export interface AppendedPoints {
  readonly run: Run;
  readonly tail: TailSize;
}

const COLUMNS = {
  run_id: 'uuid',
  key: 'text',
  subject: 'text',
  dataset_version_id: 'uuid',
  first_seq: 'bigint',
  seq: 'bigint',
  steps_at: 'int',
  values_at: 'int',
  timestamps_at: 'int',
  seqs_at: 'int',
  ends_at: 'int',
} as const;

const WANTED = `unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::int[], $5::int[], $6::int[])
  AS w (run_id, project_id, may_have_ended, point_count, begins_at, ends_at)`;

/** What a run's calls wait in until they are folded: see `metric.entity.ts`. */
export class MetricTailStore {
  constructor(private readonly bus: Pick<Bus, 'wakeSql'>) {}

  /**
   * Keeps points in one statement, which is a transaction by itself, as `MetricStore.add` does; a call is one row. All
   * series must be there.
   *
   * @returns the runs that take points; of the others nothing is kept
   */
  async append(sql: SqlRunner, runs: readonly RunPoints[]): Promise<ReadonlyMap<RunId, AppendedPoints>> {
    const bytes = new Bytes();
    const wanted = runs.map(({ runId, projectId, takers, series }) => [
      ...[runId, projectId, takers === 'ALL'],
      series.reduce((sum, { values }) => sum + values.length, 0),
      ...[bytes.add(packSheet(series)), bytes.end],
    ]);
    const rows = await sql.query<Run & TailSize>(
      `/* tracking.appendPoints */ WITH r AS (
         UPDATE run AS r SET last_seq = r.last_seq + 1, tail_after = coalesce(r.tail_after, r.last_seq),
           tail_calls = r.tail_calls + 1, tail_points = r.tail_points + wanted.point_count
         FROM ${sourceOf(runs.length, WANTED)} AS wanted
         WHERE r.id = wanted.run_id AND r.project_id = wanted.project_id
           AND (r.status = 'RUNNING' OR wanted.may_have_ended) AND r.deleted_at IS NULL
         RETURNING r.*, wanted.point_count, wanted.begins_at, wanted.ends_at
       ), added AS (
         INSERT INTO metric_tail (run_id, seq, project_id, point_count, body)
         SELECT id, last_seq, project_id, point_count, ${partSql('$7::bytea', 'begins_at', 'ends_at')} FROM r
       )
       SELECT ${RUN}, r.tail_calls AS calls, r.tail_points AS points,
         ${this.bus.wakeSql(runTopicSql('r.id'))} AS woken
       FROM r`,
      [...columnsOf(wanted, 6), bytes.all()],
      { prepareAs: nameOf(runs.length, 'tracking.appendPoints') },
    );
    return new Map(rows.map(({ calls, points, ...run }) => [run.id, { run, tail: { calls, points } }]));
  }

  /** Runs of the project, or of some of its experiments, that have a tail. */
  async tailed(
    sql: SqlRunner,
    projectId: ProjectId,
    {
      runIds = null,
      experimentIds = null,
    }: { runIds?: readonly RunId[] | null; experimentIds?: readonly string[] | null },
  ): Promise<RunId[]> {
    const rows = await sql.query<{ id: RunId }>(
      `/* tracking.tailedRuns */ SELECT id FROM run WHERE project_id = $1 AND tail_after IS NOT NULL
         AND ($2::uuid[] IS NULL OR id = ANY($2)) AND ($3::uuid[] IS NULL OR experiment_id = ANY($3))`,
      [projectId, runIds, experimentIds],
    );
    return rows.map(({ id }) => id);
  }

  /** Runs of all projects that have a tail, with where it begins. */
  allTailed(
    sql: SqlRunner,
  ): Promise<{ readonly id: RunId; readonly projectId: ProjectId; readonly tailAfter: string }[]> {
    return sql.query(
      `/* tracking.allTailedRuns */ SELECT id, project_id AS "projectId", tail_after AS "tailAfter" FROM run
       WHERE tail_after IS NOT NULL`,
    );
  }

  /**
   * Those of the runs that nobody holds and that have a tail: held until the transaction ends. It waits for none, so no
   * two can wait for each other.
   */
  async holdFree(tx: Transaction, projectId: ProjectId, runIds: readonly RunId[]): Promise<readonly RunId[]> {
    const rows = await tx.query<{ id: RunId }>(
      `/* tracking.holdFreeTails */ SELECT id FROM run WHERE id = ANY($1) AND project_id = $2 AND tail_after IS NOT NULL
       FOR NO KEY UPDATE SKIP LOCKED`,
      [runIds, projectId],
    );
    return rows.map(({ id }) => id);
  }

  /** Keeps everybody from logging to the run until the transaction ends. False where there is nothing to be folded. */
  async hold(tx: Transaction, projectId: ProjectId, runId: RunId): Promise<boolean> {
    const [row] = await tx.query<{ hasTail: boolean }>(
      `/* tracking.holdTail */ SELECT tail_after IS NOT NULL AS "hasTail" FROM run
       WHERE id = $1 AND project_id = $2 FOR NO KEY UPDATE`,
      [runId, projectId],
    );
    return row?.hasTail === true;
  }

  /**
   * Takes all calls out, those of each run in their order. The runs must be held: by another statement, so that this
   * one sees what came until then.
   */
  async take(
    tx: Transaction,
    runIds: readonly RunId[],
  ): Promise<readonly { readonly runId: RunId; readonly calls: readonly TailCall[] }[]> {
    const rows = await tx.query<{ runId: RunId; seq: string; body: Buffer }>(
      `/* tracking.takeTails */ WITH t AS (DELETE FROM metric_tail WHERE run_id = ANY($1) RETURNING run_id, seq, body)
       SELECT run_id AS "runId", seq, body FROM t ORDER BY run_id, seq`,
      [runIds],
    );
    const reader = new SheetReader();
    const byRun = new Map<RunId, TailCall[]>(runIds.map((runId) => [runId, []]));
    for (const { runId, seq, body } of rows)
      byRun.get(runId)?.push({ seq: BigInt(seq), sheet: reader.read(body) });
    return Array.from(byRun, ([runId, calls]) => ({ runId, calls }));
  }

  /** Puts what was taken into chunks and summaries: then these runs have no tail. */
  async put(
    tx: Transaction,
    projectId: ProjectId,
    runs: readonly { readonly runId: RunId; readonly series: readonly FoldedSeries[] }[],
  ): Promise<void> {
    const bytes = new Bytes();
    const rows = runs.flatMap(({ runId, series }) => series.map((one) => chunkOf(runId, one, bytes)));
    await tx.query(
      `/* tracking.foldTails */ WITH chunk AS (
         SELECT $2::uuid AS project_id, c.* FROM ${rowsSql('c', COLUMNS, 4)}
       ), added AS (
         INSERT INTO metric_chunk (run_id, key, subject, seq, first_seq, project_id, point_count, format, min_step,
           max_step, steps, "values", timestamps, seqs)
         SELECT run_id, key, subject, seq, first_seq, project_id, point_count, ${PACKED}, lowest_step, highest_step,
           ${partSql('$3::bytea', 'steps_at', 'values_at')}, ${partSql('$3::bytea', 'values_at', 'timestamps_at')},
           ${partSql('$3::bytea', 'timestamps_at', 'seqs_at')},
           CASE WHEN first_seq IS NOT NULL THEN ${partSql('$3::bytea', 'seqs_at', 'ends_at')} END
         FROM chunk
       ), merged AS (${mergeSql('chunk')})
       UPDATE run SET tail_after = NULL, tail_calls = 0, tail_points = 0 WHERE id = ANY($1::uuid[])`,
      [
        ...[runs.map(({ runId }) => runId), projectId, bytes.all()],
        ...columnsOf(rows, Object.keys(COLUMNS).length + FACT_COLUMNS),
      ],
      { prepareAs: 'tracking.foldTails' },
    );
  }

  /** The embedded database has nobody who would do it by itself. */
  async vacuum(sql: SqlRunner): Promise<void> {
    await sql.query('/* tracking.vacuumTail */ VACUUM metric_tail');
  }
}

/** A row of parameters. */
function chunkOf(runId: RunId, folded: FoldedSeries, bytes: Bytes): readonly unknown[] {
  const { key, subject, datasetVersionId, firstSeq, seq } = folded;
  const { steps, values, timestamps, seqs } = inStoredOrder(folded);
  return [
    ...[runId, key, subject, datasetVersionId, seqs === null ? null : firstSeq, seq],
    ...[bytes.add(packColumn(steps)), bytes.add(toBytes(values)), bytes.add(packColumn(timestamps))],
    ...[bytes.add(seqs === null ? new Uint8Array(0) : packColumn(seqs)), bytes.end],
    ...factRow(folded),
  ];
}
