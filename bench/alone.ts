import { join } from 'node:path';
import { BareLoop } from './bare-loop';
import type { Bench, Figure, Measured } from './benchmark';
import { deployRows } from './deploy-rows';
import { ModelgraphServer } from './modelgraph-server';
import { Rounds, seenOf, serverOf, type Round } from './rounds';
import { figures, median } from './statistics';
import type { TargetName } from './targets';

const ASKED_MS = 0.3;
const FULL = { rounds: 5, roundMs: 1_200, warmUpMs: 1_500 };
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };
/** As many at once as it takes to ask every question while the server warms up. */
const FILLERS = 64;
/** An answer is remembered for longer than the benchmark takes. */
const CACHE_TTL_MS = 3_600_000;

const COMPUTED: readonly TargetName[] = ['modelgraph', 'v2-json', 'v2-binary'];

/** One caller, one request at a time: what a lonely prediction takes beside the model itself, and from the cache. */
export async function benchAlone(bench: Bench): Promise<Measured> {
  const { roundMs, rounds: count, warmUpMs } = bench.isQuick ? QUICK : FULL;
  const [plain, caching] = await Promise.all([startServer(bench, 'alone', {}), startCaching(bench)]);
  const rounds = new Rounds(bench, {
    ...Object.fromEntries(COMPUTED.map((target) => [target, plain])),
    ...{ 'cache-fill': caching, 'cache-hit': caching },
  });
  const bare = new BareLoop(bench, 1);
  await rounds.ask('cache-fill', FILLERS, warmUpMs);
  for (const target of COMPUTED) await rounds.ask(target, 1, warmUpMs);

  const measured: { readonly bareMs: number; readonly seen: Round }[] = [];
  for (let number = 1; number <= count; number += 1) {
    const { p50Ms } = await bare.run({ model: 'row', durationMs: roundMs });
    bench.say(`  ${number}. bare session: p50 ${figures(p50Ms)} ms`);
    const targets = [...COMPUTED, 'cache-hit'] as const;
    const [seen = {}] = await rounds.inTurn({ targets, concurrency: 1, rounds: 1, roundMs });
    measured.push({ bareMs: p50Ms, seen });
  }
  const turns = measured.map(({ seen }) => seen);
  const addedMs = (target: TargetName) =>
    median(measured.map(({ bareMs, seen }) => (seen[target]?.p50Ms ?? NaN) - bareMs));
  const hitMs = median(turns.map((turn) => turn['cache-hit']?.serverP50Ms ?? NaN));
  return {
    figures: [
      added('GraphQL predict', addedMs('modelgraph')),
      added('V2 REST JSON', addedMs('v2-json')),
      added('V2 REST binary', addedMs('v2-binary')),
      {
        what: 'GraphQL predict, one row from the cache, one at a time, p50 as the server says',
        ...LIMIT,
        reached: hitMs,
      },
    ],
    seen: [
      {
        who: 'alone: the bare session',
        what: `p50 ${figures(median(measured.map(({ bareMs }) => bareMs)))} ms`,
      },
      ...COMPUTED.map((target) => seenOf(`alone: ${target}`, target, turns)),
      seenOf('alone: modelgraph from the cache, as its caller sees it', 'cache-hit', turns),
    ],
    details: { roundMs, measured },
  };
}

const LIMIT = { unit: 'ms', asked: ASKED_MS, atMost: true } as const;

const added = (door: string, reached: number): Figure => ({
  what: `${door}, one row of 30 numbers, one at a time, p50 beyond that of the bare session`,
  ...LIMIT,
  reached,
});

const startCaching = (bench: Bench) => startServer(bench, 'cache', { cacheTtlMs: CACHE_TTL_MS });

/** Two servers, since both endpoints have the name that the load asks for. */
async function startServer(bench: Bench, folder: string, settings: object) {
  const server = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, folder) });
  await deployRows(server, settings);
  return serverOf(server.process, server.url, server.key);
}
