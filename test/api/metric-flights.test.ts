import type { Actor } from '../../src/kernel/actor';
import { InProcessBus } from '../../src/kernel/bus';
import { encodeNodeId } from '../../src/kernel/ids';
import { LoggedModelStore } from '../../src/tracking/logged-models/logged-model.store';
import { MetricLog } from '../../src/tracking/metrics/metric-log';
import type { KeyedColumns } from '../../src/tracking/metrics/metric-columns';
import { readHistory } from '../../src/tracking/metrics/metric-history';
import { ChartQueries } from '../../src/tracking/metrics/chart.queries';
import { MetricChart } from '../../src/tracking/metrics/metric-chart';
import { WHOLE_RUN } from '../../src/tracking/metrics/metric-subject';
import { MetricQueries } from '../../src/tracking/metrics/metric.queries';
import { MetricStore } from '../../src/tracking/metrics/metric.store';
import type { RunId } from '../../src/tracking/run';
import { ALL_STEPS } from '../../src/tracking/metrics/step-range';
import { openMetricDatabase, type MetricDatabase } from '../support/metric-database';

const NOW = new Date('2026-01-01T00:00:00Z');
let kept: MetricDatabase;
let log: MetricLog;
let actor: Actor;
beforeAll(async () => {
  kept = await openMetricDatabase();
  actor = { projectId: kept.projectId } as Actor;
  log = new MetricLog({
    ...{ database: kept.database, bus: new InProcessBus(), clock: { now: () => NOW } },
    datasets: { versionsByRefs: () => Promise.resolve([]), versionsByDigests: () => Promise.resolve([]) },
    models: new LoggedModelStore(),
    compactor: { notice: () => undefined },
    folder: kept.folder,
  });
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => kept.stop());

const series = (key: string, ...steps: number[]): KeyedColumns => ({
  key,
  steps: BigInt64Array.from(steps, BigInt),
  values: Float64Array.from(steps),
  timestamps: BigInt64Array.from(steps, () => 5n),
});
const add = (runId: RunId, ...columns: KeyedColumns[]) =>
  log.add(actor, { runId: encodeNodeId('run', runId), series: columns }, 'RUNNING');
async function stepsOf(runId: RunId, key = 'm'): Promise<number[]> {
  const metrics = new MetricQueries(kept.database, kept.folder);
  const chart = new MetricChart(new ChartQueries(kept.database));
  const extents = await metrics.extents(kept.projectId, [runId], { keys: [key], subject: WHOLE_RUN });
  const [found] = await readHistory({ metrics, chart }, extents, { range: ALL_STEPS, maxPoints: 1_000 });
  return Array.from(found?.steps ?? [], Number);
}
const seqOf = async (runId: RunId) =>
  Number(
    (await kept.database.query<{ seq: string }>('SELECT last_seq AS seq FROM run WHERE id = $1', [runId]))[0]
      ?.seq,
  );

test('columns are kept like points; several entries of one key are one series', async () => {
  const runId = await kept.newRun();
  expect(await add(runId, series('m', 3, 1), series('n', 7), series('m', 2))).toMatchObject({ ok: true });
  expect([await stepsOf(runId), await stepsOf(runId, 'n')]).toEqual([[1, 2, 3], [7]]);
  const uneven = { ...series('m', 1, 2), timestamps: BigInt64Array.of(1n) };
  expect(await add(runId, series('m', 9), uneven)).toMatchObject({
    error: { issues: [{ path: 'series[1]' }] },
  });
  expect(await stepsOf(runId)).toEqual([1, 2, 3]);
});

test('who comes alone goes alone; who comes meanwhile goes together, once', async () => {
  const runId = await kept.newRun();
  await add(runId, series('m', 0));
  const flights = jest.spyOn(MetricStore.prototype, 'add');
  await Promise.all(Array.from({ length: 30 }, (_, call) => add(runId, series('m', call + 1))));
  expect(flights).toHaveBeenCalledTimes(2);
  expect(await seqOf(runId)).toBe(3);
  expect(await stepsOf(runId)).toEqual(Array.from({ length: 31 }, (_, step) => step));
});

test('calls that bring new series all at once do not wait for each other in a circle', async () => {
  const runId = await kept.newRun();
  for (let round = 0; round < 8; round += 1) {
    const calls = Array.from({ length: 24 }, (_, call) =>
      add(runId, series('m', call), series(`${round} ${call >> 3}`, call)),
    );
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
  }
  expect(await stepsOf(runId)).toHaveLength(8 * 24);
});

test('what the database refuses for the sake of one call is kept of the others', async () => {
  const [good, bad] = [await kept.newRun(), await kept.newRun()];
  for (const runId of [good, bad]) await add(runId, series('m', 0));
  // A series that is full to its type's brim: one more point is more than the column holds.
  await kept.database.query('UPDATE metric_series SET point_count = 9223372036854775807 WHERE run_id = $1', [
    bad,
  ]);
  const first = add(good, series('m', 1)); // the others wait for it
  const calls = [add(good, series('m', 2)), add(bad, series('m', 3)), add(good, series('m', 4))];
  const results = await Promise.allSettled([first, ...calls]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(await stepsOf(good)).toEqual([0, 1, 2, 4]);
});

test('one who may log late carries nobody along who may not', async () => {
  const runId = await kept.newRun();
  await add(runId, series('m', 1));
  await kept.database.query("UPDATE run SET status = 'FINISHED' WHERE id = $1", [runId]);
  const late = (step: number) =>
    log.add(actor, { runId: encodeNodeId('run', runId), series: [series('m', step)] }, 'ALL');
  const answers = await Promise.all([
    late(2),
    add(runId, series('m', 3)),
    late(4),
    add(runId, series('m', 5)),
  ]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, false, true, false]);
  expect(await stepsOf(runId)).toEqual([1, 2, 4]);
});
