import { setTimeout as sleep } from 'node:timers/promises';
import { MetricClient, valueAt } from './metric-client';
import type { ModelgraphServer } from './modelgraph-server';
import { quantile } from './statistics';

/** What is asked of each part; see `bench/README.md`. */
export interface Sizes {
  readonly rounds: number;
  readonly roundMs: number;
  readonly onePointCalls: number;
  readonly series: number;
  readonly seriesPoints: number;
  /** Between the last point and the first chart: the server joins chunks meanwhile. */
  readonly settleMs: number;
  readonly liveMs: number;
}

export interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CALLERS = 8;
const POINTS_PER_CALL = 1_000;
/** Requests of one caller that are made before and sent in turn. */
const REQUESTS = 20;
const WARM_UP_MS = 1_500;
const CHART_POINTS = 4 * 320;
const WARM_CHARTS = 20;
const READ_POINTS = 10_000;
const LIVE = { callsPerSecond: 100, pointsPerCall: 100, lastEventsMs: 5_000 };

/** Points per second of each round, acknowledged and counted in the end. */
export async function measureIngest(server: ModelgraphServer, { rounds, roundMs }: Sizes): Promise<number[]> {
  const callers = await Promise.all(Array.from({ length: CALLERS }, () => callerOf(server)));
  const reached: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const before = callers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    const startedAt = performance.now();
    const end = startedAt + (round === 0 ? WARM_UP_MS : roundMs);
    await Promise.all(callers.map((caller) => logUntil(caller, end)));
    const points = callers.reduce((sum, { acknowledged }) => sum + acknowledged, 0) - before;
    if (round > 0) reached.push((points / (performance.now() - startedAt)) * 1_000);
  }
  for (const { client, runId, acknowledged } of callers) {
    const count = await client.count(runId, 'loss');
    if (count !== acknowledged)
      throw new Error(`${acknowledged} points were acknowledged, ${count} are there.`);
    client.close();
  }
  return reached;
}

interface Caller {
  readonly client: MetricClient;
  readonly runId: string;
  readonly requests: readonly Buffer[];
  acknowledged: number;
}

async function callerOf(server: ModelgraphServer): Promise<Caller> {
  const client = await MetricClient.open(server);
  const runId = await client.startRun();
  const requests = Array.from({ length: REQUESTS }, (_, call) =>
    client.logRequest(runId, { key: 'loss', firstStep: call * POINTS_PER_CALL, count: POINTS_PER_CALL }),
  );
  return { client, runId, requests, acknowledged: 0 };
}

async function logUntil(caller: Caller, endMs: number): Promise<void> {
  for (let call = 0; performance.now() < endMs; call += 1) {
    await caller.client.log(caller.requests[call % REQUESTS] as Buffer);
    caller.acknowledged += POINTS_PER_CALL;
  }
}

/** One caller, one point a call. */
export async function measureOnePoint(server: ModelgraphServer, { onePointCalls }: Sizes): Promise<Times> {
  const client = await MetricClient.open(server);
  const runId = await client.startRun();
  const timesMs: number[] = [];
  for (let call = 0; call < onePointCalls; call += 1) {
    const request = client.logRequest(runId, { key: 'loss', firstStep: call, count: 1 });
    const startedAt = performance.now();
    await client.log(request);
    timesMs.push(performance.now() - startedAt);
  }
  client.close();
  return timesOf(timesMs.slice(onePointCalls >> 2)); // the first ones warm up
}

export interface Charts {
  /** Of each series its first chart. */
  readonly coldMs: readonly number[];
  readonly warmMs: readonly number[];
  /** Reading all points of one series. */
  readonly readMs: number;
}

/** Long series: charts of each, and one of them as a whole. */
export async function measureCharts(
  server: ModelgraphServer,
  { series, seriesPoints, settleMs }: Sizes,
): Promise<Charts> {
  const clients = await Promise.all(Array.from({ length: 4 }, () => MetricClient.open(server)));
  const [client] = clients as [MetricClient];
  const runId = await client.startRun();
  const keys = Array.from({ length: series }, (_, index) => `long ${index}`);
  for (const key of keys) await logSeries(clients, runId, key, seriesPoints);
  await sleep(settleMs);
  const coldMs: number[] = [];
  const warmMs: number[] = [];
  for (const key of keys) {
    for (let chart = 0; chart <= WARM_CHARTS; chart += 1) {
      const startedAt = performance.now();
      const { steps } = await client.history(runId, key, CHART_POINTS);
      (chart === 0 ? coldMs : warmMs).push(performance.now() - startedAt);
      const isWhole = Number(steps[0]) === 0 && Number(steps.at(-1)) === seriesPoints - 1;
      if (!isWhole || steps.length < CHART_POINTS / 4) throw new Error('A chart is not of the whole series.');
    }
  }
  const startedAt = performance.now();
  for (let from = 0; from < seriesPoints; from += READ_POINTS) {
    const { steps, values } = await client.history(runId, 'long 0', READ_POINTS, [
      from,
      from + READ_POINTS - 1,
    ]);
    const isRight =
      steps.length === Math.min(READ_POINTS, seriesPoints - from) &&
      steps.every((step, index) => Number(step) === from + index && values[index] === valueAt(from + index));
    if (!isRight) throw new Error('The points that came back are not those that were logged.');
  }
  const readMs = performance.now() - startedAt;
  for (const one of clients) one.close();
  return { coldMs, warmMs, readMs };
}

async function logSeries(clients: readonly MetricClient[], runId: string, key: string, points: number) {
  let next = 0;
  const write = async (client: MetricClient) => {
    for (let firstStep = next; firstStep < points; firstStep = next) {
      next += POINTS_PER_CALL;
      const count = Math.min(POINTS_PER_CALL, points - firstStep);
      await client.log(client.logRequest(runId, { key, firstStep, count }));
    }
  };
  await Promise.all(clients.map(write));
}

/** From sending a call to hearing its points, each exactly once. */
export async function measureLive(server: ModelgraphServer, { liveMs }: Sizes): Promise<Times> {
  const { callsPerSecond, pointsPerCall, lastEventsMs } = LIVE;
  const clients = await Promise.all(Array.from({ length: 8 }, () => MetricClient.open(server)));
  const [first] = clients as [MetricClient];
  const runId = await first.startRun();
  const calls = Math.round((liveMs / 1_000) * callsPerSecond);
  const requests = Array.from({ length: calls }, (_, call) =>
    first.logRequest(runId, { key: 'loss', firstStep: call * pointsPerCall, count: pointsPerCall }),
  );
  const sentAt: number[] = [];
  const timesMs: number[] = [];
  const heard = new Set<number>();
  const stop = await first.follow(runId, (steps) => {
    const now = performance.now();
    for (const step of steps) {
      if (heard.has(step)) throw new Error(`Step ${step} was told twice.`);
      heard.add(step);
      if (step % pointsPerCall === 0) timesMs.push(now - (sentAt[step / pointsPerCall] as number));
    }
  });
  const startedAt = performance.now();
  const send = async (client: MetricClient, from: number) => {
    for (let call = from; call < calls; call += clients.length) {
      await sleep(Math.max(0, startedAt + (call * 1_000) / callsPerSecond - performance.now()));
      sentAt[call] = performance.now();
      await client.log(requests[call] as Buffer);
    }
  };
  await Promise.all(clients.map(send));
  for (const end = performance.now() + lastEventsMs; heard.size < calls * pointsPerCall;) {
    if (performance.now() > end)
      throw new Error(`${calls * pointsPerCall - heard.size} points were never told.`);
    await sleep(5);
  }
  stop();
  for (const client of clients) client.close();
  return timesOf(timesMs);
}

function timesOf(timesMs: number[]): Times {
  timesMs.sort((a, b) => a - b);
  return { p50Ms: quantile(timesMs, 0.5), p99Ms: quantile(timesMs, 0.99) };
}
