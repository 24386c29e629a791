import { LatencyStats } from '../../../src/monitoring/latency-stats';
import { mergeWindows, type LatencyWindow, type MeasuredRow } from '../../../src/monitoring/latency-window';
import { predictionCost } from '../../../src/monitoring/prediction-cost';
import { gridOf } from '../../../src/monitoring/window-grid';
import type { ModelVersionId } from '../../../src/registry/registry';
import type { Observation } from '../../../src/serving/serving';

const CPU = { backend: 'onnx', provider: 'cpu' };
function row(startMs: number, totalsMs: readonly number[], more: Partial<MeasuredRow> = {}): MeasuredRow {
  const stats = new LatencyStats();
  for (const totalMs of totalsMs) {
    const timing = { totalMs, queueMs: 1, computeMs: 2 };
    stats.record({
      error: null,
      cached: false,
      batchSize: 2,
      ...{ busyMs: 1, ranOn: CPU },
      parseMs: 0.1,
      timing,
    } as Observation);
  }
  const versionId = 'v1' as ModelVersionId;
  const key = { variant: 'main', versionId, door: 'graphql', ranOn: CPU } as const;
  return { startMs, ...key, weight: 1, shadow: false, ...stats.toStored(), ...more };
}
const spans = (windows: readonly LatencyWindow[]) =>
  windows.map(({ from, to, total }) => [from.getTime(), to.getTime(), total.requests]);

test('rows of several processes and seconds are one window', () => {
  const [window, ...rest] = mergeWindows(
    [row(0, [10]), row(0, [10]), row(1_000, [10, 1000])],
    gridOf(0, 2_000, 2_000),
  );
  expect(rest).toEqual([]);
  expect(window?.total).toMatchObject({ requests: 4, requestsPerSecond: 2, meanBatchSize: 2 });
  expect(window?.total.total.p50Ms).toBeCloseTo(10, 0);
  expect(window?.total.total.p99Ms ?? 0).toBeGreaterThan(970);
});

test('where traffic stops there is one window of zero, and where it starts again none', () => {
  const windows = mergeWindows([row(1_000, [1]), row(4_000, [1, 1])], gridOf(0, 10_000, 1_000));
  expect(spans(windows)).toEqual([
    [1_000, 2_000, 1],
    [2_000, 3_000, 0],
    [4_000, 5_000, 2],
    [5_000, 6_000, 0],
  ]);
  expect(windows[1]?.variants).toMatchObject([
    { variant: 'main', requestsPerSecond: 0, total: { p50Ms: null } },
  ]);
});

test('the last window ends where the grid ends, and counts its own seconds', () => {
  const [window] = mergeWindows([row(4_000, [1, 1])], gridOf(0, 5_000, 4_000));
  expect(spans(window ? [window] : [])).toEqual([[4_000, 5_000, 2]]);
  expect(window?.total.requestsPerSecond).toBe(2);
});

test('what earlier servers answered has no cost, and is not in the mean of a window that has later answers', () => {
  const earlier = row(0, [1, 1, 1], { spent: null });
  const prices = { processor: 3_600, accelerator: 1, remote: 1, currency: null };
  const costs = [[earlier], [earlier, row(1_000, [1])]].map((rows) => {
    const [window] = mergeWindows(rows, gridOf(0, 2_000, 2_000));
    return window && [window.total.requests, predictionCost(window.total, prices)?.busyPerThousand ?? null];
  });
  expect(costs).toEqual([
    [3, null],
    [4, 1],
  ]);
});

test('a variant whose alias moved is told once for each version, and the total has the newest', () => {
  const moved = { versionId: 'v2' as ModelVersionId };
  const [window] = mergeWindows([row(0, [1]), row(1_000, [1], moved)], gridOf(0, 2_000, 2_000));
  expect(window?.variants.map(({ versionId }) => versionId)).toEqual(['v1', 'v2']);
  expect(window?.total).toMatchObject({ versionId: 'v2', requests: 2, weight: 1 });
});

test('a shadow is no part of the total', () => {
  const shadow = { variant: 'copy', shadow: true, weight: 5 };
  const [both] = mergeWindows([row(0, [1]), row(0, [9], shadow)], gridOf(0, 1_000, 1_000));
  expect(both?.total).toMatchObject({ requests: 1, weight: 1, shadow: false });
  const [late] = mergeWindows([row(0, [9], shadow)], gridOf(0, 1_000, 1_000));
  expect(late?.total).toMatchObject({ requests: 0, errorRate: 0 });
});
