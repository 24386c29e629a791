import type { PredictResult } from '../../../../src/serving/predictions/prediction';
import { PredictionStatistics } from '../../../../src/serving/seen/prediction-statistics';
import type { ModelVersion } from '../../../../src/registry/registry';

const version = (id = 'v1') => ({ id }) as ModelVersion;
const answered = (batchSize: number, more: object = {}): PredictResult =>
  ({
    ok: true,
    cached: false,
    batchSize,
    timing: { queueMs: 1, computeMs: 7, totalMs: 10 },
    ...more,
  }) as PredictResult;
const refused = { ok: false, error: { code: 'UNAVAILABLE' } } as PredictResult;
const counted = (result: PredictResult, rows = 1) => ({
  ...{ version: version(), rows, cacheable: false, result, totalMs: 10 },
});

test('callers of one run are one run, however its rows are spread', () => {
  const statistics = new PredictionStatistics(() => 0);
  for (const rows of [1, 2, 3, 1]) statistics.record(counted(answered(7), rows));
  statistics.record(counted(answered(3), 3));
  expect(statistics.of(version())).toMatchObject({
    ...{ rows: 10, runs: 2 },
    success: { count: 5, totalMs: 50 },
    queue: { count: 5, totalMs: 5 },
    compute: { count: 5, totalMs: 35 },
    batches: [
      { size: 3, count: 1, totalMs: 7 },
      { size: 7, count: 1, totalMs: 7 },
    ],
  });
});

test('who shares a run with callers who left, or asked another version of the same bytes, has had a run', () => {
  const statistics = new PredictionStatistics(() => 0);
  statistics.record(counted(answered(16)));
  expect(statistics.of(version())).toMatchObject({
    ...{ rows: 1, runs: 1 },
    batches: [{ size: 16, count: 1, totalMs: 7 / 16 }],
  });
  for (let rows = 0; rows < 23; rows += 1) statistics.record(counted(answered(16)));
  expect(statistics.of(version())).toMatchObject({ rows: 24, runs: 2, batches: [{ size: 16, count: 2 }] });
});

test('what was refused, and what came from memory, is no run', () => {
  const statistics = new PredictionStatistics(() => 1_000);
  statistics.record(counted(refused, 5));
  statistics.record({ ...counted(answered(0, { cached: true })), cacheable: true });
  statistics.record({ ...counted(answered(1)), cacheable: true });
  expect(statistics.of(version())).toMatchObject({
    ...{ rows: 1, runs: 1, lastAt: new Date(1_000) },
    fail: { count: 1 },
    success: { count: 2 },
    cacheHit: { count: 1 },
    cacheMiss: { count: 1 },
  });
  statistics.record({ ...counted(answered(1, { coalesced: true })), cacheable: true });
  expect(statistics.of(version())).toMatchObject({ runs: 1, success: { count: 3 }, cacheMiss: { count: 2 } });
});

test('a question without rows is a run', () => {
  const statistics = new PredictionStatistics(() => 0);
  statistics.record(counted(answered(0), 0));
  expect(statistics.of(version())).toMatchObject({ rows: 0, runs: 1, batches: [{ size: 0, count: 1 }] });
});

test('versions that somebody asks once push none out that is asked all the time', () => {
  const statistics = new PredictionStatistics(() => 0);
  for (let at = 0; at < 1_500; at += 1) {
    statistics.record({ ...counted(answered(1)), version: version('hot') });
    statistics.record({ ...counted(answered(1)), version: version(`once ${at}`) });
  }
  expect(statistics.of(version('hot')).success.count).toBe(1_500);
  expect(statistics.all()).toHaveLength(1_000);
  expect(statistics.of(version('once 500')).success.count).toBe(0);
  expect(statistics.of(version('once 501')).success.count).toBe(1);
});

test('it forgets the longest unused of a thousand versions, and tells apart 256 sizes of each', () => {
  const statistics = new PredictionStatistics(() => 0);
  for (let id = 0; id <= 1_000; id += 1)
    statistics.record({ ...counted(answered(1)), version: version(`v${id}`) });
  expect(statistics.of(version('v0')).runs).toBe(0);
  expect(statistics.of(version('v1')).runs).toBe(1);
  for (let size = 1; size <= 1_000; size += 1) statistics.record(counted(answered(size), size));
  const { batches, runs } = statistics.of(version());
  expect(batches).toHaveLength(256);
  expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(runs);
});
