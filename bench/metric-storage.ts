import { join } from 'node:path';
import type { Bench, Figure, Measured } from './benchmark';
import {
  measureCharts,
  measureIngest,
  measureLive,
  measureOnePoint,
  type Charts,
  type Sizes,
  type Times,
} from './metric-measures';
import { ModelgraphServer } from './modelgraph-server';
import { withDatabase } from './postgres';
import { figures, median } from './statistics';

const FULL: Sizes = {
  ...{ rounds: 3, roundMs: 4_000, onePointCalls: 2_000 },
  ...{ series: 3, seriesPoints: 1_000_000, settleMs: 3_000, liveMs: 5_000 },
};
const QUICK: Sizes = {
  ...{ rounds: 1, roundMs: 1_000, onePointCalls: 200 },
  ...{ series: 1, seriesPoints: 200_000, settleMs: 1_000, liveMs: 1_000 },
};
const ASKED = {
  pointsPerSecond: { embedded: 100_000, PostgreSQL: 150_000 },
  ...{ onePointMs: 1, coldChartMs: 50, warmChartMs: 5, readMs: 3_000, liveMs: 100, memoryMb: 400 },
};
const BYTES_PER_MB = 1_000_000;

type Engine = keyof typeof ASKED.pointsPerSecond;
interface Seen {
  readonly engine: Engine;
  readonly pointsPerSecond: readonly number[];
  readonly onePoint: Times;
  readonly charts: Charts;
  readonly live: Times;
  /** Null where it cannot be known. */
  readonly peakMemoryBytes: number | null;
}

/** Points of metrics: written, drawn, read and followed, over each of the two databases. */
export async function benchMetricStorage(bench: Bench): Promise<Measured> {
  const sizes = bench.isQuick ? QUICK : FULL;
  const embedded = await measure(bench, sizes, 'embedded');
  const postgres = await withDatabase(bench.say, (url) =>
    url === null ? Promise.resolve(null) : measure(bench, sizes, 'PostgreSQL', url),
  );
  const all = postgres ? [embedded, postgres] : [embedded];
  return {
    figures: all.flatMap((seen) => figuresOf(seen, sizes)),
    seen: [
      ...all.flatMap(rowsOf),
      ...(postgres ? [] : [{ who: 'metric storage: PostgreSQL', what: 'no PostgreSQL, so not measured' }]),
    ],
    details: { sizes, all },
  };
}

async function measure(bench: Bench, sizes: Sizes, engine: Engine, databaseUrl?: string): Promise<Seen> {
  bench.say(`metric storage, ${engine}:`);
  const server = await ModelgraphServer.start({
    ...bench,
    storeFolder: join(bench.folder, `metric-storage-${engine}`),
    ...(databaseUrl !== undefined && { databaseUrl }),
  });
  const onePoint = await measureOnePoint(server, sizes);
  bench.say(`  one point: ${told(onePoint)}`);
  const charts = await measureCharts(server, sizes);
  bench.say(`  charts: ${chartsTold(charts)}`);
  const live = await measureLive(server, sizes);
  bench.say(`  live: ${told(live)}`);
  // The last, since it leaves the server some ten million points to join.
  const pointsPerSecond = await measureIngest(server, sizes);
  bench.say(`  calls of 1,000: ${pointsPerSecond.map(figures).join(', ')} points/s`);
  const peakMemoryBytes = server.process.peakMemoryBytes();
  await server.process.stop();
  return { engine, pointsPerSecond, onePoint, charts, live, peakMemoryBytes };
}

function figuresOf(
  { engine, pointsPerSecond, onePoint, charts, live, peakMemoryBytes }: Seen,
  sizes: Sizes,
): Figure[] {
  const atMost = (what: string, asked: number, reached: number, unit = 'ms'): Figure => ({
    ...{ what: `${what}, ${engine}`, unit, asked, reached, atMost: true },
  });
  const points = sizes.seriesPoints.toLocaleString('en-US');
  return [
    {
      what: `metric points by calls of 1,000, eight callers, committed, ${engine}`,
      ...{ unit: 'points/s', asked: ASKED.pointsPerSecond[engine], reached: median(pointsPerSecond) },
    },
    atMost('one metric point, p50 of a lonely caller', ASKED.onePointMs, onePoint.p50Ms),
    atMost(`chart of 320 buckets of ${points} points, cold`, ASKED.coldChartMs, median(charts.coldMs)),
    atMost(`chart of 320 buckets of ${points} points, warm`, ASKED.warmChartMs, median(charts.warmMs)),
    atMost(`${points} points read by ranges`, ASKED.readMs, charts.readMs),
    atMost('live, 10,000 points/s: p99 from the call to the subscriber', ASKED.liveMs, live.p99Ms),
    // With the embedded database that one's memory is in it, which nothing is asked of.
    ...(engine === 'PostgreSQL' && peakMemoryBytes !== null
      ? [
          atMost(
            'memory of the server through all of it',
            ASKED.memoryMb,
            peakMemoryBytes / BYTES_PER_MB,
            'MB',
          ),
        ]
      : []),
  ];
}

function rowsOf({ engine, pointsPerSecond, onePoint, charts, live, peakMemoryBytes }: Seen) {
  const range = `${figures(Math.min(...pointsPerSecond))} to ${figures(Math.max(...pointsPerSecond))} points/s`;
  const memory = peakMemoryBytes === null ? 'not known' : `${figures(peakMemoryBytes / BYTES_PER_MB)} MB`;
  return [
    { who: `metric storage, ${engine}: calls of 1,000 points`, what: range },
    { who: `metric storage, ${engine}: one point`, what: told(onePoint) },
    { who: `metric storage, ${engine}: long series`, what: chartsTold(charts) },
    { who: `metric storage, ${engine}: live`, what: told(live) },
    { who: `metric storage, ${engine}: the server's memory at its most`, what: memory },
  ];
}

const told = ({ p50Ms, p99Ms }: Times) => `p50 ${figures(p50Ms)} ms, p99 ${figures(p99Ms)} ms`;
const chartsTold = ({ coldMs, warmMs, readMs }: Charts) =>
  `cold ${coldMs.map(figures).join(', ')} ms, warm ${figures(median(warmMs))} ms (${figures(Math.min(...warmMs))} to ${figures(Math.max(...warmMs))}), all points in ${figures(readMs)} ms`;
