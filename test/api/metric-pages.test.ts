import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { newId, type ProjectId } from '../../src/kernel/ids';
import { ChartQueries } from '../../src/tracking/metrics/chart.queries';
import { MetricChart } from '../../src/tracking/metrics/metric-chart';
import { toBytes } from '../../src/tracking/metrics/metric-columns';
import { readHistory } from '../../src/tracking/metrics/metric-history';
import { MetricQueries, type SeriesExtent } from '../../src/tracking/metrics/metric.queries';
import { ALL_STEPS } from '../../src/tracking/metrics/step-range';
import type { RunId } from '../../src/tracking/run';
import { TEST_ENGINE } from '../support/template-database';
import { openTestDatabase } from '../support/test-database';

const RUN = newId<'run'>() as unknown as RunId;
let database: Database;
let queries: MetricQueries;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  database = new Database(createDataSource({ connection, entities: ENTITIES, migrations: [] }), TEST_ENGINE);
  await database.open();
  queries = new MetricQueries(database, { foldRuns: () => Promise.reject(new Error('There are no tails.')) });
  close = async () => {
    await database.stop();
    await stop();
  };
});
afterAll(() => close());

/** Chunks of the points 0, 1, 2, … as one call after the other would have logged them. */
async function addSeries(key: string, chunkSizes: readonly number[]): Promise<SeriesExtent> {
  const seqs = chunkSizes.map((_, index) => index + 1);
  let next = 0;
  const steps = chunkSizes.map((size) => toBytes(BigInt64Array.from({ length: size }, () => BigInt(next++))));
  const values = chunkSizes.map((size) => toBytes(new Float64Array(size)));
  await database.query(
    `INSERT INTO metric_chunk (run_id, key, subject, seq, project_id, point_count, steps, "values", timestamps)
     SELECT $1, $2, '', seq, $3, size, steps, "values", "values"
     FROM unnest($4::bigint[], $5::int[], $6::bytea[], $7::bytea[]) AS c (seq, size, steps, "values")`,
    [RUN, key, newId<'project'>() as ProjectId, seqs, chunkSizes, steps, values],
  );
  return { runId: RUN, key, subject: '', pointCount: next, upTo: BigInt(seqs.length) };
}
const page = async (
  series: readonly (readonly [SeriesExtent, bigint])[],
  maxPoints: number,
  maxChunks: number,
) => {
  const rest = series.map(([extent, after]) => ({ extent, after }));
  const chunks = await queries.chunkPage(rest, ALL_STEPS, { maxPoints, maxChunks });
  return chunks.map(({ place, seq }) => [place, Number(seq)]);
};

test('a page ends with the chunk that reaches its points, or with its last chunk', async () => {
  const a = await addSeries('a', [2, 2, 2, 2]);
  const b = await addSeries('b', [5, 1]);
  expect(await page([[a, 0n]], 3, 100)).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(await page([[a, 2n]], 100, 100)).toEqual([
    [0, 3],
    [0, 4],
  ]);
  expect(
    await page(
      [
        [a, 1n],
        [b, 0n],
      ],
      1_000,
      4,
    ),
  ).toEqual([
    [0, 2],
    [0, 3],
    [0, 4],
    [1, 1],
  ]);
  expect(
    await page(
      [
        [b, 0n],
        [a, 3n],
      ],
      6,
      100,
    ),
  ).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(
    await page(
      [
        [b, 0n],
        [a, 3n],
      ],
      7,
      100,
    ),
  ).toEqual([
    [0, 1],
    [0, 2],
    [1, 4],
  ]);
});

test('what is logged after a series was looked at is not read', async () => {
  const series = await addSeries('growing', [1, 1, 1]);
  expect(await page([[{ ...series, upTo: 2n }, 0n]], 100, 100)).toEqual([
    [0, 1],
    [0, 2],
  ]);
});

test('nothing is read twice or left out, by however many calls it was logged', async () => {
  const extents = [
    await addSeries('calls of one point', new Array<number>(7_001).fill(1)),
    await addSeries('one call', [3]),
    await addSeries('calls larger than a page', [60_000, 60_000]),
    await addSeries('the last', [1, 1]),
  ];
  const pages = jest.spyOn(queries, 'chunkPage');
  const series = await readHistory(
    { metrics: queries, chart: new MetricChart(new ChartQueries(database)) },
    extents,
    { range: ALL_STEPS, maxPoints: 10_000 },
  );
  expect(series.map(({ key }) => key)).toEqual(extents.map(({ key }) => key));
  const [small, one, large, last] = series;
  expect([...(small?.steps ?? [])]).toEqual(Array.from({ length: 7_001 }, (_, step) => BigInt(step)));
  expect([...(one?.steps ?? []), ...(last?.steps ?? [])]).toEqual([0n, 1n, 2n, 0n, 1n]);
  expect([large?.steps[0], large?.steps.at(-1)]).toEqual([0n, 119_999n]);
  for (const { value } of pages.mock.results) {
    const chunks = (await value) as Awaited<ReturnType<MetricQueries['chunkPage']>>;
    const points = chunks.reduce((sum, chunk) => sum + chunk.values.length / 8, 0);
    expect(chunks.length).toBeLessThanOrEqual(5_000);
    expect(points).toBeLessThan(50_000 + 60_000);
  }
});
