import { join } from 'node:path';
import type { Bench, Measured } from './benchmark';
import { expectType, ModelgraphServer } from './modelgraph-server';
import { figures, median } from './statistics';

const ASKED_POINTS_PER_SECOND = 50_000;
/** Four curves of 2,500 steps: what a training run logs, in one mutation. */
const KEYS: readonly string[] = ['loss', 'accuracy', 'val_loss', 'val_accuracy'];
const STEPS = 2_500;
const POINTS = KEYS.length * STEPS;
const WARM_UP_ROUNDS = 3;
const ROUNDS = 9;
const QUICK_ROUNDS = 2;

const START_RUN = `mutation StartRun($input: StartRunInput!) {
  startRun(input: $input) { __typename ... on StartRunSuccess { run { id } } ... on UserError { code message } }
}`;
const LOG_METRICS = `mutation LogMetrics($input: LogMetricsInput!) {
  logMetrics(input: $input) { __typename ... on LogSuccess { run { id } } ... on UserError { code message } }
}`;
const READ_RUN = `query ReadRun($id: ID!, $keys: [String!]!, $maxPoints: Int!) {
  run(id: $id) { metricHistory(keys: $keys, maxPoints: $maxPoints) { key steps values } }
}`;

interface Series {
  readonly key: string;
  readonly steps: readonly (number | string)[];
  readonly values: readonly (number | string)[];
}

/** 10,000 points by one `logMetrics` over HTTP, each time to a fresh run, with the embedded database. */
export async function benchMetrics(bench: Bench): Promise<Measured> {
  const server = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, 'metrics') });
  const rounds = bench.isQuick ? QUICK_ROUNDS : ROUNDS;
  bench.say(
    `metrics: ${rounds} rounds of ${figures(POINTS)} points each, after ${WARM_UP_ROUNDS} to warm up`,
  );
  const pointsPerSecond: number[] = [];
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round += 1) {
    const reached = await logOnce(server);
    if (round < 1) continue;
    pointsPerSecond.push(reached);
    bench.say(`  ${round}. ${figures(reached)} points/s`);
  }
  const reached = median(pointsPerSecond);
  const what = `${POINTS.toLocaleString('en-US')} metric points in one mutation, embedded database`;
  return {
    figures: [{ what, unit: 'points/s', asked: ASKED_POINTS_PER_SECOND, reached }],
    seen: [
      {
        who: 'metrics: from the request to the answer',
        what: `${figures((POINTS / reached) * 1000)} ms (${figures(Math.min(...pointsPerSecond))} to ${figures(Math.max(...pointsPerSecond))} points/s)`,
      },
    ],
    details: { points: POINTS, keys: KEYS, rounds: pointsPerSecond },
  };
}

/** Points per second, from sending the request to having its answer. */
async function logOnce(server: ModelgraphServer): Promise<number> {
  const { startRun } = await server.call<{ startRun: { __typename: string; run: { id: string } } }>(
    START_RUN,
    { input: { experiment: 'bench' } },
  );
  const runId = expectType(startRun, 'StartRunSuccess').run.id;
  const body = JSON.stringify({ query: LOG_METRICS, variables: { input: { runId, points: points() } } });

  const startedAt = performance.now();
  const { logMetrics } = await server.post<{ logMetrics: { __typename: string } }>(body);
  const elapsedMs = performance.now() - startedAt;

  expectType(logMetrics, 'LogSuccess');
  await expectAllPoints(server, runId);
  return (POINTS / elapsedMs) * 1000;
}

const valueOf = (keyAt: number, step: number) => Math.exp(-step / 500) + keyAt;

const points = () =>
  Array.from({ length: STEPS }, (_, step) =>
    KEYS.map((key, keyAt) => ({ key, step, value: valueOf(keyAt, step) })),
  ).flat();

/** Fast and lost would be worth nothing: every point is read back. */
async function expectAllPoints(server: ModelgraphServer, id: string): Promise<void> {
  const { run } = await server.call<{ run: { metricHistory: readonly Series[] } | null }>(READ_RUN, {
    id,
    keys: KEYS,
    maxPoints: STEPS,
  });
  for (const [keyAt, key] of KEYS.entries()) {
    const series = run?.metricHistory.find((one) => one.key === key);
    const isWhole =
      series?.values.length === STEPS &&
      series.steps.every(
        (step, at) => Number(step) === at && Number(series.values[at]) === valueOf(keyAt, at),
      );
    if (!isWhole) throw new Error(`The points of “${key}” that came back are not those that were logged.`);
  }
}
