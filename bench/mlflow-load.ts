import { randomUUID } from 'node:crypto';
import { withCaller, withCallers, withFirst, type MlflowCaller, type TrackingTarget } from './mlflow-caller';
import { batchOf, metricsOf, paramsOf, pointValue, STARTED_AT_MS, tagsOf } from './mlflow-data';
import { eachMs, expectPoints, historyPath, type Filled, type Page, type Point } from './mlflow-reads';
import { median } from './statistics';

/** What MLflow takes in one call. */
export const POINTS_A_CALL = 1_000;
const FILL_CONNECTIONS = 8;

export interface BatchOrder {
  readonly keys: 1 | 1000;
  readonly connections: number;
  readonly durationMs: number;
}

/**
 * Points/s until the last one sent is acknowledged and every run tells its latest values, so that nothing is left to be
 * done later; each connection has a run of its own, and what it logged is read back.
 */
export function logBatches(target: TrackingTarget, { keys, connections, durationMs }: BatchOrder) {
  return withCallers(target, connections, async (callers) => {
    const experimentId = await newExperiment(callers);
    const runs = await Promise.all(callers.map((caller) => newRun(caller, experimentId, 'batches')));
    const startedAt = performance.now();
    const counts = await Promise.all(
      callers.map(async (caller, at) => {
        let batch = 0;
        do {
          const metrics = batchOf(POINTS_A_CALL, keys, batch);
          await caller.post('runs/log-batch', { run_id: runs[at], metrics });
          batch += 1;
        } while (performance.now() - startedAt < durationMs);
        return batch;
      }),
    );
    await Promise.all(callers.map((caller, at) => readRun(caller, runs[at] ?? '')));
    const elapsedMs = performance.now() - startedAt;
    await Promise.all(
      callers.map((caller, at) => expectLogged(caller, runs[at] ?? '', keys, counts[at] ?? 0)),
    );
    return (counts.reduce((sum, count) => sum + count, 0) * POINTS_A_CALL * 1000) / elapsedMs;
  });
}

/** Fast and lost would be worth nothing: the first points, and the last one. */
async function expectLogged(caller: MlflowCaller, runId: string, keys: 1 | 1000, batches: number) {
  const [key, points] = keys === 1 ? ['loss', batches * POINTS_A_CALL] : ['k999', batches];
  const page = await caller.get<Page>(historyPath(runId, key, POINTS_A_CALL));
  expectPoints(page.metrics ?? [], Math.min(points, POINTS_A_CALL), 0);
  const { run } = await readRun(caller, runId);
  const last = run.data.metrics.find((metric) => metric.key === key);
  if (last?.step !== points - 1) throw new Error(`The last point of “${key}” is ${JSON.stringify(last)}.`);
}

const readRun = (caller: MlflowCaller, runId: string) =>
  caller.get<{ run: { data: { metrics: readonly (Point & { key: string })[] } } }>(
    `/api/2.0/mlflow/runs/get?run_id=${runId}`,
  );

/** One call after the other, so many or for so long. */
export interface CallsOrder {
  readonly calls: number;
  readonly durationMs: number;
}

/** Median of the calls, in ms. */
export function logMetricP50(target: TrackingTarget, order: CallsOrder): Promise<number> {
  return withCaller(target, async (caller) => {
    const run_id = await newRun(caller, await newExperiment([caller]), 'single points');
    return medianMs(order, (step) =>
      caller.post('runs/log-metric', {
        ...{ run_id, key: 'loss', value: pointValue(step), timestamp: STARTED_AT_MS + step, step },
      }),
    );
  });
}

/** Median of the calls, in ms. */
export function createRunP50(target: TrackingTarget, order: CallsOrder): Promise<number> {
  return withCaller(target, async (caller) => {
    const experimentId = await newExperiment([caller]);
    return medianMs(order, (number) => newRun(caller, experimentId, `run ${number}`));
  });
}

/** How much a server is filled with, and how long that may take; what is not done by then is left out. */
export interface FillOrder {
  readonly runs: number;
  readonly points: number;
  /** For the runs. */
  readonly runsMs: number;
  /** For the points. */
  readonly pointsMs: number;
}

/** Fills a server by its own door: the runs to search, and the long series. */
export function fillByDoor(target: TrackingTarget, order: FillOrder): Promise<Filled> {
  return withCallers(target, FILL_CONNECTIONS, async (callers) => {
    const experimentId = await newExperiment(callers);
    const runs = await fillRuns(callers, experimentId, order);
    return { experimentId, runs, ...(await fillSeries(callers, order)) };
  });
}

async function fillRuns(callers: readonly MlflowCaller[], experimentId: string, order: FillOrder) {
  const until = performance.now() + order.runsMs;
  let runs = 0;
  await Promise.all(
    callers.map(async (caller) => {
      while (runs < order.runs && performance.now() < until) {
        runs += 1;
        await fillRun(caller, experimentId, runs - 1);
      }
    }),
  );
  return runs;
}

async function fillSeries(callers: readonly MlflowCaller[], { points, pointsMs }: FillOrder) {
  const until = performance.now() + pointsMs;
  const experimentId = await newExperiment(callers);
  return withFirst(callers, async (caller) => {
    const runId = await newRun(caller, experimentId, 'series');
    let batch = 0;
    while (batch * POINTS_A_CALL < points && performance.now() < until) {
      await caller.post('runs/log-batch', { run_id: runId, metrics: batchOf(POINTS_A_CALL, 1, batch) });
      batch += 1;
    }
    return { runId, points: batch * POINTS_A_CALL };
  });
}

async function fillRun(caller: MlflowCaller, experimentId: string, number: number): Promise<void> {
  const run_id = await newRun(caller, experimentId, `run ${number}`, STARTED_AT_MS + number);
  const [metrics, params, tags] = [metricsOf(number), paramsOf(number), tagsOf(number)];
  await caller.post('runs/log-batch', { run_id, metrics, params, tags });
}

export const newExperiment = (callers: readonly MlflowCaller[]): Promise<string> =>
  withFirst(callers, async (caller) => {
    const name = `bench ${randomUUID()}`;
    const { experiment_id } = await caller.post<{ experiment_id: string }>('experiments/create', { name });
    return experiment_id;
  });

export async function newRun(
  caller: MlflowCaller,
  experimentId: string,
  name: string,
  startedAt = STARTED_AT_MS,
) {
  const { run } = await caller.post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: experimentId,
    run_name: name,
    start_time: startedAt,
  });
  return run.info.run_id;
}

const medianMs = async ({ calls, durationMs }: CallsOrder, work: (number: number) => Promise<unknown>) =>
  median(await eachMs(calls, work, durationMs));
