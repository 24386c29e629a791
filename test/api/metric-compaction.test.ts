import { InProcessBus } from '../../src/kernel/bus';
import { createLogger } from '../../src/kernel/logger';
import { ChartQueries } from '../../src/tracking/metrics/chart.queries';
import { MetricChart } from '../../src/tracking/metrics/metric-chart';
import { MetricCompactor } from '../../src/tracking/metrics/metric-compactor';
import { joinColumns, type PointColumns } from '../../src/tracking/metrics/metric-columns';
import { readHistory, seriesOf } from '../../src/tracking/metrics/metric-history';
import { WHOLE_RUN } from '../../src/tracking/metrics/metric-subject';
import { MetricQueries } from '../../src/tracking/metrics/metric.queries';
import { MetricStore } from '../../src/tracking/metrics/metric.store';
import type { RunId } from '../../src/tracking/run';
import { ALL_STEPS, type StepRange } from '../../src/tracking/metrics/step-range';
import { expectM4 } from '../support/m4-oracle';
import { openMetricDatabase, type MetricDatabase } from '../support/metric-database';
import { seededRandom } from '../support/seeded-random';

const store = new MetricStore(new InProcessBus());
let kept: MetricDatabase;
let metrics: MetricQueries;
let chart: MetricChart;
let compactor: MetricCompactor;
beforeAll(async () => {
  kept = await openMetricDatabase();
  metrics = new MetricQueries(kept.database, kept.folder);
  chart = new MetricChart(new ChartQueries(kept.database));
  compactor = new MetricCompactor(kept.database, createLogger('silent'));
});
afterAll(() => kept.stop());

type Row = readonly [step: number, value: number, timestampMs: number];
const columns = (rows: readonly Row[]): PointColumns => ({
  steps: BigInt64Array.from(rows, ([step]) => BigInt(step)),
  values: Float64Array.from(rows, ([, value]) => value),
  timestamps: BigInt64Array.from(rows, ([, , timestampMs]) => BigInt(timestampMs)),
});
async function log(runId: RunId, points: PointColumns, key = 'm'): Promise<void> {
  const series = [{ key, subject: WHOLE_RUN, datasetVersionId: null, ...points }];
  const call = { projectId: kept.projectId, runId, takers: 'RUNNING', series } as const;
  await store.add(kept.database, [call]);
  compactor.notice(call);
}
const chunkCount = async (runId: RunId) =>
  (await kept.database.query<object>('SELECT 1 FROM metric_chunk WHERE run_id = $1', [runId])).length;
async function read(runId: RunId, maxPoints: number, range: StepRange = ALL_STEPS): Promise<PointColumns> {
  const extents = await metrics.extents(kept.projectId, [runId], { keys: ['m'], subject: WHOLE_RUN });
  const [series] = await readHistory({ metrics, chart }, extents, { range, maxPoints });
  if (!series) throw new Error('There is no such series.');
  return series;
}
const plain = ({ steps, values, timestamps }: PointColumns) => ({
  ...{ steps: [...steps], values: [...values], timestamps: [...timestamps] },
});

test('calls of single points become few chunks, and nothing that was read before reads otherwise after', async () => {
  const runId = await kept.newRun();
  const rows = Array.from({ length: 300 }, (_, call): Row => [(call * 7) % 300, call % 9 ? call : NaN, call]);
  for (const row of rows) await log(runId, columns([row]));
  const before = plain(await read(runId, 1_000));
  await compactor.pass();
  expect(await chunkCount(runId)).toBeLessThan(70);
  expect(plain(await read(runId, 1_000))).toEqual(before);
  expect(before).toEqual(plain(joinColumns([columns(rows)])));
});

test('a subscriber from before a join is told exactly what came after its cursor', async () => {
  const runId = await kept.newRun();
  const calls = 220;
  for (let call = 1; call <= calls; call += 1) {
    await log(runId, columns([[1_000 - call, call, 0]]));
    if (call % 3 === 0) await log(runId, columns([[call, call, 0]]), 'other');
    if (call % 70 === 0) await compactor.pass();
  }
  expect(await chunkCount(runId)).toBeLessThan(200);
  const [last] = await kept.database.query<{ seq: string }>('SELECT last_seq AS seq FROM run WHERE id = $1', [
    runId,
  ]);
  const upTo = BigInt(last?.seq ?? 0);
  for (const begin of [0n, 1n, 57n, 64n, 65n, 150n, upTo - 1n]) {
    const told: number[] = [];
    for (let after = begin; after < upTo;) {
      const delta = await metrics.chunksBetween(
        runId,
        { keys: null, subject: WHOLE_RUN },
        { after, upTo },
        { maxPoints: 17, maxRead: 100_000 },
      );
      if (!delta) throw new Error('That was not too much to read.');
      expect(delta.upTo).toBeGreaterThan(after);
      for (const { key, values } of seriesOf(delta.chunks, { after, upTo: delta.upTo }))
        told.push(...Array.from(values, (value) => (key === 'm' ? value : -value)));
      after = delta.upTo;
    }
    const all = Array.from({ length: calls }, (_, index) => index + 1);
    const logged = all.flatMap((call) => (call % 3 === 0 ? [call, -call] : [call]));
    const missed = logged.slice(Number(begin));
    expect(told.sort((a, b) => a - b)).toEqual(missed.sort((a, b) => a - b));
  }
  const tooMuch = { maxPoints: 17, maxRead: 20 };
  const wanted = { keys: null, subject: WHOLE_RUN };
  expect(await metrics.chunksBetween(runId, wanted, { after: 0n, upTo }, tooMuch)).toBeNull();
});

const random = seededRandom(17);
const LENGTH = 90_000;
/** Points whose place and value tell them apart, with values that no order is kept of. */
const rowAt = (step: number, arrival: number): Row => {
  const special = arrival % 997 === 0 ? NaN : arrival % 49_999 === 0 ? Infinity : null;
  return [step, special ?? Math.sin(step / 900) + arrival * 1e-9, arrival];
};
const inOrder = Array.from({ length: LENGTH }, (_, row) => rowAt(row, row));
const shuffled = (rows: readonly Row[], within: number) =>
  rows
    .map((row, index) => ({ row, at: index + random() * within }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);

test.each<[string, readonly Row[], number]>([
  ['in order', inOrder, 9_000],
  ['without steps', inOrder.map(([, value, arrival]): Row => [0, value, arrival]), 9_000],
  [
    'without steps, all at one time',
    inOrder.map(([step]): Row => [0, Math.cos(step) + step * 1e-9, 5]),
    9_000,
  ],
  ['each step four times', inOrder.map(([step], arrival) => rowAt(step >> 2, arrival)), 9_000],
  ['nearly in order', shuffled(inOrder, 3_000), 7_000],
  [
    'with a part that comes again',
    [
      ...inOrder.slice(0, 54_000),
      ...inOrder.slice(36_000).map(([step], index) => rowAt(step, LENGTH + index)),
    ],
    9_000,
  ],
  ['backwards', [...inOrder].reverse(), 9_000],
  ['in large calls', inOrder, 50_000],
])(
  'a chart of a series %s consists of whole buckets, each with its four points',
  async (_, rows, perCall) => {
    const runId = await kept.newRun();
    for (let start = 0; start < rows.length; start += perCall)
      await log(runId, columns(rows.slice(start, start + perCall)));
    await compactor.pass();
    const all = joinColumns([columns(rows)]);
    const pages = jest.spyOn(metrics, 'chunkPage');
    for (const maxPoints of [4, 320, 1_280]) {
      expectM4(all, await read(runId, maxPoints), maxPoints);
    }
    const range = { fromStep: all.steps[12_000] as bigint, toStep: all.steps[78_000] as bigint };
    const isWithin = (step: bigint) => step >= range.fromStep && step <= range.toStep;
    const within = joinColumns([columns(rows.filter(([step]) => isWithin(BigInt(step))))]);
    expectM4(within, await read(runId, 200, range), 200);
    expect(pages).not.toHaveBeenCalled(); // all of them come from stored buckets
    pages.mockRestore();
  },
);

test('a chart that is drawn again is the same, until something is logged: then it has that', async () => {
  const runId = await kept.newRun();
  const rows = Array.from({ length: 40_000 }, (_, step): Row => [step, Math.sin(step / 900), step]);
  await log(runId, columns(rows));
  await compactor.pass();
  const first = await read(runId, 320);
  const chunks = jest.spyOn(ChartQueries.prototype, 'heads');
  expect(plain(await read(runId, 320))).toEqual(plain(first));
  expect(chunks).not.toHaveBeenCalled(); // it was remembered
  const range = { fromStep: 0n, toStep: 30_000n };
  expect((await read(runId, 320, range)).steps.at(-1)).toBe(30_000n);
  await log(runId, columns([[40_000, 9, 40_000]]));
  const later = await read(runId, 320);
  expect([later.steps.at(-1), later.values.at(-1)]).toEqual([40_000n, 9]);
  expect(await read(await kept.newRun(), 320).catch(String)).toMatch('no such series');
  chunks.mockRestore();
});
