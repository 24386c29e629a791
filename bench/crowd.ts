import { join } from 'node:path';
import type { Bench, Figure, Measured } from './benchmark';
import { withCallers, type MlflowCaller } from './mlflow-caller';
import { batchOf, STARTED_AT_MS } from './mlflow-data';
import { newExperiment, newRun } from './mlflow-load';
import { ModelgraphServer } from './modelgraph-server';
import { deadlocksIn, withDatabase } from './postgres';
import { figures, quantile } from './statistics';

const CLIENTS = 64;
const DURATION_MS = 60_000;
const QUICK_MS = 5_000;
const WIDE = { points: 100, everyCalls: 4, shared: 10, searches: 25 } as const;

interface Seen {
  readonly engine: string;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly calls: number;
  readonly points: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Null for the embedded database, which does one thing at a time. */
  readonly deadlocks: number | null;
}

/**
 * A minute of 64 clients at one experiment: single points, a hundred keys at once, calls to a run that all share, with
 * tags, and searches by metrics between them. All is read back at the end.
 */
export async function benchCrowd(bench: Bench): Promise<Measured> {
  const embedded = await measure(bench, 'embedded database', null);
  const postgres = await withDatabase(bench.say, (url) =>
    url === null ? Promise.resolve(null) : measure(bench, 'PostgreSQL', url),
  );
  const all = postgres ? [embedded, postgres] : [embedded];
  return {
    figures: all.flatMap(figuresOf),
    seen: all.map(({ engine, calls, points, p50Ms, p99Ms }) => ({
      who: `crowd: ${engine}`,
      what: `${figures(calls)} calls, ${figures(points)} points; p50 ${figures(p50Ms)} ms, p99 ${figures(p99Ms)} ms`,
    })),
    details: { clients: CLIENTS, wide: WIDE, all },
  };
}

async function measure(bench: Bench, engine: string, databaseUrl: string | null): Promise<Seen> {
  const durationMs = bench.isQuick ? QUICK_MS : DURATION_MS;
  bench.say(`crowd: ${CLIENTS} clients for ${durationMs / 1_000} s, ${engine}`);
  const storeFolder = join(bench.folder, `crowd-${databaseUrl === null ? 'embedded' : 'postgres'}`);
  const { process, url, key } = await ModelgraphServer.start({
    ...{ ...bench, storeFolder },
    ...(databaseUrl !== null && { databaseUrl }),
  });
  try {
    const target = { url, headers: { authorization: `Bearer ${key}` } };
    return await withCallers(target, CLIENTS, async (callers) => {
      const experimentId = await newExperiment(callers);
      const shared = await newRun(callers[0] as MlflowCaller, experimentId, 'shared');
      const crowd = { experimentId, shared, until: performance.now() + durationMs };
      const clients = await Promise.all(callers.map((caller) => logUntil(caller, crowd)));
      for (const client of clients) await expectKept(client);
      const timesMs = clients.flatMap((client) => client.timesMs).sort((a, b) => a - b);
      const seen = {
        ...{ engine, calls: timesMs.length, statuses: countOf(clients.flatMap(({ statuses }) => statuses)) },
        points: clients.reduce((sum, { points }) => sum + points, 0),
        ...{ p50Ms: quantile(timesMs, 0.5), p99Ms: quantile(timesMs, 0.99) },
        deadlocks: databaseUrl === null ? null : await deadlocksIn(databaseUrl),
      };
      bench.say(`  ${JSON.stringify(seen)}`);
      return seen;
    });
  } finally {
    await process.stop();
  }
}

interface Crowd {
  readonly experimentId: string;
  readonly shared: string;
  readonly until: number;
}
interface Client {
  readonly caller: MlflowCaller;
  readonly runId: string;
  readonly statuses: number[];
  readonly timesMs: number[];
  points: number;
  /** Calls with many keys that its run was told to be kept. */
  wide: number;
}

async function logUntil(caller: MlflowCaller, { experimentId, shared, until }: Crowd): Promise<Client> {
  const runId = await newRun(caller, experimentId, 'own');
  const client: Client = { caller, runId, statuses: [], timesMs: [], points: 0, wide: 0 };
  const post = async (path: string, body: object): Promise<boolean> => {
    const startedAt = performance.now();
    const status = await caller.tryPost(path, body);
    client.timesMs.push(performance.now() - startedAt);
    client.statuses.push(status);
    return status === 200;
  };
  for (let call = 1; performance.now() < until; call += 1) {
    const step = { timestamp: STARTED_AT_MS + call, step: call };
    if (call % WIDE.searches === 0) {
      const search = { filter: `metrics.k1 > 0`, order_by: ['metrics.k0 DESC'], max_results: 10 };
      await post('runs/search', { experiment_ids: [experimentId], ...search });
    } else if (call % WIDE.everyCalls !== 0) {
      if (await post('runs/log-metric', { run_id: runId, key: 'loss', value: 1 / call, ...step }))
        client.points += 1;
    } else {
      const isShared = call % WIDE.shared === 0;
      const metrics = batchOf(WIDE.points, 1000, client.wide);
      const tags = call % 3 === 0 ? [{ key: 'call', value: String(call) }] : [];
      if (await post('runs/log-batch', { run_id: isShared ? shared : runId, metrics, tags })) {
        client.points += metrics.length;
        if (!isShared) client.wide += 1;
      }
    }
  }
  return client;
}

/** The points of one of its many keys: each once. */
async function expectKept({ caller, runId, wide }: Client): Promise<void> {
  const path = `/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=k7`;
  const { metrics = [] } = await caller.get<{ metrics?: readonly { readonly step: number }[] }>(path);
  if (metrics.length !== wide || metrics.some(({ step }, at) => step !== at))
    throw new Error(`${wide} points were acknowledged, ${metrics.length} are there.`);
}

function countOf(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function figuresOf({ engine, statuses, deadlocks }: Seen): Figure[] {
  const what = `${CLIENTS} clients at one experiment for a minute, ${engine}:`;
  const failed = Object.entries(statuses).reduce(
    (sum, [status, count]) => sum + (status === '200' ? 0 : count),
    0,
  );
  const none = (of: string, unit: string, reached: number): Figure => ({
    ...{ what: `${what} ${of}`, unit, asked: 0, atMost: true, reached },
  });
  return [
    none('calls that were refused or failed', 'calls', failed),
    ...(deadlocks === null ? [] : [none('deadlocks', 'deadlocks', deadlocks)]),
  ];
}
