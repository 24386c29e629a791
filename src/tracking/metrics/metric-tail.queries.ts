import type { SqlRunner } from '../../kernel/database/sql';
import { SheetReader } from './metric-sheet';
import type { TailCall } from './fold-calls';
import type { RunId } from '../run';
import type { Calls } from './stored-chunk';

/** Whole calls of a run, in order, up to and with one of them. */
export interface TailPart {
  readonly upTo: bigint;
  readonly calls: readonly TailCall[];
}

/**
 * Reads what waits to be folded, for those who follow a run: folding for each of its calls would cost what it saves.
 */
export class MetricTailQueries {
  constructor(private readonly sql: SqlRunner) {}

  /**
   * The calls after `after` up to `upTo`, until `maxPoints` points are reached. Null where some of them were folded
   * meanwhile: then they are in chunks.
   */
  async between(runId: RunId, { after, upTo }: Calls, maxPoints: number): Promise<TailPart | null> {
    const rows = await this.sql.query<{
      tailAfter: string | null;
      seq: string | null;
      body: Buffer;
      points: number;
    }>(
      `/* tracking.tailBetween */ SELECT r.tail_after AS "tailAfter", t.seq, t.body, t.point_count AS points
       FROM run r LEFT JOIN (
         SELECT seq, body, point_count FROM (
           SELECT seq, body, point_count, sum(point_count) OVER (ORDER BY seq) - point_count AS points_before
           FROM metric_tail WHERE run_id = $1 AND seq > $2 AND seq <= $3
         ) ahead WHERE points_before < $4
       ) t ON TRUE
       WHERE r.id = $1 ORDER BY t.seq`,
      [runId, after, upTo, maxPoints],
    );
    const tailAfter = rows[0]?.tailAfter ?? null;
    if (tailAfter === null || BigInt(tailAfter) > after) return null;
    const reader = new SheetReader();
    const calls = rows.flatMap(({ seq, body }) =>
      seq === null ? [] : [{ seq: BigInt(seq), sheet: reader.read(body) }],
    );
    const isCut = rows.reduce((sum, { points }) => sum + (points ?? 0), 0) >= maxPoints;
    return { upTo: (isCut && calls.at(-1)?.seq) || upTo, calls };
  }
}
