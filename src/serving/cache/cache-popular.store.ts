import type { SqlRunner } from '../../kernel/database/sql';
import type { PopularQuestion } from './cache-popular';
import type { EndpointId } from '../endpoints/endpoint';

/** Questions kept for one endpoint: what can be preloaded. */
export const MAX_POPULAR = 1_000;
/** Bytes of them: they are read into memory at once. */
const MAX_POPULAR_BYTES = 16 * 1024 ** 2;
/** A question that did not come again for a day is nobody's concern any more. */
const KEPT_S = 86_400;
/** Hits count half as much after so long: yesterday's weigh against this morning's. */
const HALF_LIFE_S = 8 * 3_600;
/** Rows deleted by one statement: some milliseconds, so that nobody waits for it. */
const ROWS_PER_REMOVAL = 1_000;

const hitsNow = (table: string) =>
  `${table}.hits * power(0.5, greatest(extract(epoch FROM now() - ${table}.hit_at)::float8, 0) / ${HALF_LIFE_S})`;

export class PopularStore {
  /** Adds hits to what is kept, of this process and others. An endpoint that is gone is passed over. */
  async add(sql: SqlRunner, endpointId: EndpointId, questions: readonly PopularQuestion[]): Promise<void> {
    const inOrder = [...questions].sort((one, other) => one.hash.compare(other.hash)); // as other processes lock them
    await sql.query(
      `/* serving.addPopular */ INSERT INTO popular_question (endpoint_id, project_id, hash, hits, hit_at, question)
       SELECT endpoint.id, endpoint.project_id, added.hash, added.hits, now(), added.question
       FROM endpoint, unnest($2::bytea[], $3::float8[], $4::bytea[]) AS added (hash, hits, question)
       WHERE endpoint.id = $1
       ON CONFLICT (endpoint_id, hash) DO UPDATE
       SET hits = ${hitsNow('popular_question')} + excluded.hits, hit_at = now()`,
      [
        endpointId,
        inOrder.map(({ hash }) => hash),
        inOrder.map(({ hits }) => hits),
        inOrder.map(({ bytes }) => bytes),
      ],
    );
    await sql.query(
      `/* serving.keepMostPopular */ DELETE FROM popular_question WHERE endpoint_id = $1 AND hash IN (
         SELECT hash FROM (
           SELECT hash, row_number() OVER ranked AS place, sum(octet_length(question)) OVER ranked AS bytes
           FROM popular_question WHERE endpoint_id = $1
           WINDOW ranked AS (ORDER BY ${hitsNow('popular_question')} DESC, hash)
         ) kept WHERE place > $2 OR bytes > $3
       )`,
      [endpointId, MAX_POPULAR, MAX_POPULAR_BYTES],
    );
  }

  async removeOld(sql: SqlRunner): Promise<void> {
    await sql.query(
      `/* serving.removeOldPopular */ DELETE FROM popular_question WHERE ctid IN (
         SELECT ctid FROM popular_question WHERE hit_at < now() - make_interval(secs => ${KEPT_S})
         LIMIT ${ROWS_PER_REMOVAL} FOR UPDATE SKIP LOCKED
       )`,
    );
  }

  /** The questions of the last day with the most hits, most of them first. */
  async mostPopular(sql: SqlRunner, endpointId: EndpointId, limit: number): Promise<Buffer[]> {
    const rows = await sql.query<{ question: Buffer }>(
      `/* serving.mostPopular */ SELECT question FROM popular_question
       WHERE endpoint_id = $1 AND hit_at >= now() - make_interval(secs => ${KEPT_S})
       ORDER BY ${hitsNow('popular_question')} DESC, hash LIMIT $2`,
      [endpointId, limit],
    );
    return rows.map(({ question }) => question);
  }
}
