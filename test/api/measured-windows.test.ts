import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations/all';
import { ENTITIES } from '../../src/entities';
import { createDataSource, migrate } from '../../src/kernel/database/data-source';
import type { SqlRunner } from '../../src/kernel/database/sql';
import type { ProjectId } from '../../src/kernel/ids';
import { measuredWindows } from '../../src/monitoring/measured-windows';
import { MonitoringQueries } from '../../src/monitoring/monitoring.queries';
import { openTestDatabase } from '../support/test-database';
import type { EndpointId } from '../../src/serving/serving';

const ID = '0192d3a8-0000-7000-8000-000000000001';
const KEY = { askedId: ID as EndpointId };
const MINUTE_MS = 60_000;

let dataSource: DataSource;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  const input = { connection, entities: ENTITIES, migrations: MIGRATIONS };
  dataSource = await createDataSource(input).initialize();
  await migrate(dataSource);
  close = async () => {
    await dataSource.destroy();
    await stop();
  };
});
afterAll(() => close());

test('a span with more rows than one statement brings is read to its end', async () => {
  await dataSource.query(
    `INSERT INTO latency_window (endpoint_id, width_s, window_start, writer_id, variant, version_id, project_id,
       weight, shadow, requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms, busy_ms)
     SELECT $1, width_s, to_timestamp(start_s), gen_random_uuid(), 'main', $1, $1, 1, false, 1, 0, 1, 1, '', '', '', 0
     FROM generate_series(1, 6000), (VALUES (60, 0), (60, 60), (60, 120), (60, 180), (1, 240)) AS w (width_s, start_s)`,
    [ID],
  );
  let statements = 0;
  const sql: SqlRunner = {
    query: <Row>(text: string, values: unknown[]) => {
      statements += 1;
      return dataSource.query<Row[]>(text, values);
    },
  };
  const times = { fromMs: 0, untilMs: 5 * MINUTE_MS, secondsFromMs: 4 * MINUTE_MS };
  const [byMinute = [], inOne = [], early = []] = await measuredWindows(
    new MonitoringQueries(sql),
    ID as ProjectId,
    [
      { ...KEY, grid: { ...times, widthMs: MINUTE_MS } },
      { ...KEY, grid: { ...times, widthMs: 5 * MINUTE_MS } },
      {
        ...KEY,
        grid: { ...times, untilMs: 2 * MINUTE_MS, secondsFromMs: 2 * MINUTE_MS, widthMs: MINUTE_MS },
      },
    ],
  );
  expect(byMinute.map(({ total }) => total.requests)).toEqual([6_000, 6_000, 6_000, 6_000, 6_000]);
  expect(inOne.map(({ total }) => total.requests)).toEqual([30_000]);
  expect(early.map(({ total }) => total.requests)).toEqual([6_000, 6_000]);
  expect(statements).toBe(2);
});
