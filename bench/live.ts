import { join } from 'node:path';
import type { Bench, Figure, Measured } from './benchmark';
import type { Child } from './children';
import { deployRows } from './deploy-rows';
import type { LiveOrder, LiveReport } from './live-load';
import { ModelgraphServer } from './modelgraph-server';
import { figures, median } from './statistics';

const SUBSCRIBERS = 100;
/** A little over what is asked, since the first and the last moments of a round count as well. */
const PREDICTIONS_PER_SECOND = 1_010;
const ASKED = { deliveriesPerSecond: 100_000, p99Ms: 20, cores: 1 };
const FULL = { rounds: 5, warmUpMs: 2_000, durationMs: 5_000 };
const QUICK = { rounds: 1, warmUpMs: 500, durationMs: 1_000 };

interface Seen extends LiveReport {
  /**
   * CPU time of the server and its workers in cores, what the predictions cost included; null where it cannot be known.
   */
  readonly serverCores: number | null;
}

/** Every prediction of an endpoint told to everybody who watches it, and the same predictions with nobody there. */
export async function benchLive(bench: Bench): Promise<Measured> {
  const { rounds, ...times } = bench.isQuick ? QUICK : FULL;
  const server = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, 'live') });
  await deployRows(server);
  const load = bench.children.start({
    file: join(__dirname, 'live-load.js'),
    environment: { PATH: process.env.PATH },
  });
  const run = (subscribers: number) =>
    runLoad(server, load, {
      ...{ url: server.url, key: server.key, subscribers },
      ...{ predictionsPerSecond: PREDICTIONS_PER_SECOND, ...times },
    });
  bench.say(
    `live: ${rounds} rounds of ${times.durationMs / 1000} s, with nobody and with ${SUBSCRIBERS} subscribers`,
  );
  const alone: Seen[] = [];
  const watched: Seen[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    alone.push(await run(0));
    watched.push(await run(SUBSCRIBERS));
    bench.say(`  ${round}. ${told(watched.slice(-1))}; with nobody ${cores(alone.slice(-1))}`);
  }
  return {
    figures: figuresOf(watched),
    seen: [
      { who: `live: ${SUBSCRIBERS} subscribers`, what: told(watched) },
      {
        who: 'live: the same predictions, nobody watching',
        what: `${figures(of(alone, ({ predictionsPerSecond }) => predictionsPerSecond))} predictions/s, ${cores(alone)}`,
      },
    ],
    details: { subscribers: SUBSCRIBERS, ...times, watched, alone },
  };
}

async function runLoad({ process }: ModelgraphServer, load: Child, order: LiveOrder): Promise<Seen> {
  const begun = load.hear(({ measuring }) => measuring === true);
  const ended = load.hear(({ measured }) => measured === true);
  const report = load.hear<LiveReport>(({ deliveredShare }) => typeof deliveredShare === 'number');
  load.tell(order);
  await begun;
  const [before, startedAt] = [process.cpuMicroseconds(), performance.now()];
  await ended;
  const [after, elapsedMs] = [process.cpuMicroseconds(), performance.now() - startedAt];
  const isKnown = before !== null && after !== null;
  return { ...(await report), serverCores: isKnown ? (after - before) / 1000 / elapsedMs : null };
}

const of = (rounds: readonly Seen[], value: (seen: Seen) => number) => median(rounds.map(value));

function figuresOf(watched: readonly Seen[]): Figure[] {
  const what = `${SUBSCRIBERS} subscribers to one endpoint at 1,000 predictions/s`;
  const known = watched.flatMap(({ serverCores }) => serverCores ?? []);
  return [
    {
      what: `${what}: every one to each`,
      unit: 'events/s',
      asked: ASKED.deliveriesPerSecond,
      reached: of(watched, ({ deliveriesPerSecond }) => deliveriesPerSecond),
    },
    {
      what: `${what}: p99 from the answer to the receipt`,
      ...{ unit: 'ms', asked: ASKED.p99Ms, atMost: true, reached: of(watched, ({ p99Ms }) => p99Ms) },
    },
    ...(known.length > 0
      ? [
          {
            what: `${what}: CPU of the server and its workers, the predictions included`,
            ...{ unit: 'cores', asked: ASKED.cores, atMost: true, reached: median(known) },
          },
        ]
      : []),
  ];
}

function told(rounds: readonly Seen[]): string {
  const delivered = of(rounds, ({ deliveredShare }) => 100 * deliveredShare);
  return [
    `${figures(of(rounds, ({ deliveriesPerSecond }) => deliveriesPerSecond))} events/s (${figures(delivered)} % of all)`,
    `p50 ${figures(of(rounds, ({ p50Ms }) => p50Ms))} ms`,
    `p99 ${figures(of(rounds, ({ p99Ms }) => p99Ms))} ms`,
    cores(rounds),
    `the load used ${figures(of(rounds, ({ ownCpuShare }) => 100 * ownCpuShare))} % of a core`,
  ].join(', ');
}

const cores = (rounds: readonly Seen[]): string =>
  `${figures(of(rounds, ({ serverCores }) => serverCores ?? NaN))} cores`;
