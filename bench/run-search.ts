import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedDatabase } from '../src/kernel/database/embedded-database';
import type { Bench, Figure, Measured } from './benchmark';
import { insertRuns } from './many-runs';
import { ModelgraphServer } from './modelgraph-server';
import { withDatabase } from './postgres';
import { figures, median } from './statistics';

const EMBEDDED = { runs: 100_000, askedMs: 30, where: '100,000 runs, embedded database' } as const;
const POSTGRESQL = { runs: 1_000_000, askedMs: 150, where: '1,000,000 runs, PostgreSQL' } as const;
const QUICK_RUNS = 5_000;
const PAGE = 100;
const WARM_UP_ROUNDS = 2;
const ROUNDS = 15;
const QUICK_ROUNDS = 2;

const SEARCH = `query Search($filter: String, $orderBy: [String!], $after: String) {
  runs(filter: $filter, orderBy: $orderBy, after: $after, first: ${PAGE}) {
    nodes { id name status startedAt } pageInfo { endCursor hasNextPage }
  }
}`;
const VALUES = `query Values($filter: String, $orderBy: [String!], $after: String) {
  runs(filter: $filter, orderBy: $orderBy, after: $after, first: ${PAGE}) {
    nodes { params(keys: ["p0"]) { value } metrics(keys: ["m0", "m1"]) { key last } }
  }
}`;

interface Search {
  readonly what: string;
  readonly filter: string | null;
  readonly orderBy: readonly string[];
  readonly after?: string;
  isFound(m0: number, p0: string): boolean;
}
interface Values {
  readonly params: readonly { readonly value: string }[];
  readonly metrics: readonly { readonly key: string; readonly last: number }[];
}
interface Timed {
  readonly what: string;
  readonly rounds: readonly number[];
}

const BY_METRIC = ['metrics.m1'];
/** Behind all runs of this m1: the cursor of a page in the middle of the list. */
const MIDDLE = Buffer.from('["0.5","00000000-0000-0000-0000-000000000000"]').toString('base64url');

/** The first is asked for; the others are what else a planner may stumble over. */
const SEARCHES: readonly [Search, ...Search[]] = [
  both(
    'two predicates (1 % and 10 %)',
    "metrics.m0 < 0.01 AND params.p0 = '3'",
    (m0, p0) => m0 < 0.01 && p0 === '3',
  ),
  both(
    'of middling use (10 % and 10 %)',
    "metrics.m0 < 0.1 AND params.p0 = '3'",
    (m0, p0) => m0 < 0.1 && p0 === '3',
  ),
  both(
    'of no use (90 % and 90 %)',
    "metrics.m0 < 0.9 AND params.p0 != '3'",
    (m0, p0) => m0 < 0.9 && p0 !== '3',
  ),
  both(
    'one that few answer (0.01 %)',
    "metrics.m0 < 0.0001 AND params.p0 != '3'",
    (m0, p0) => m0 < 0.0001 && p0 !== '3',
  ),
  both('one that nobody answers', "metrics.m0 < 0.5 AND params.p0 = 'none'", () => false),
  both(
    'joined by OR (1 % or 10 %)',
    "metrics.m0 < 0.01 OR params.p0 = '3'",
    (m0, p0) => m0 < 0.01 || p0 === '3',
  ),
  { ...both('a page in the middle', "params.p0 = '3'", (_, p0) => p0 === '3'), after: MIDDLE },
  { what: 'the newest', filter: null, orderBy: ['start_time DESC'], isFound: () => true },
  {
    what: 'sorted by a param, which no index has',
    filter: null,
    orderBy: ['params.p0', 'metrics.m1 DESC'],
    isFound: () => true,
  },
];

function both(what: string, filter: string, isFound: Search['isFound']): Search {
  return { what, filter, orderBy: BY_METRIC, isFound };
}

/**
 * Top 100 of many runs by two predicates and a metric, through `runs` over HTTP: one caller, one search after the
 * other.
 */
export async function benchRunSearch(bench: Bench): Promise<Measured> {
  const embedded = await onEmbedded(bench);
  const postgresql = await onPostgresql(bench);
  const measured = [
    { ...EMBEDDED, timed: embedded },
    ...(postgresql ? [{ ...POSTGRESQL, timed: postgresql }] : []),
  ];
  return {
    figures: measured.map(({ where, askedMs, timed }): Figure => {
      const rounds = timed[0]?.rounds ?? [];
      return {
        what: `search by two predicates, sorted by a metric, top ${PAGE} of ${where}, p50`,
        unit: 'ms',
        asked: askedMs,
        atMost: true,
        reached: median(rounds),
      };
    }),
    seen: measured.flatMap(({ where, timed }) =>
      timed.map(({ what, rounds }) => ({
        who: `run search: ${what}, of ${where}`,
        what: `${figures(median(rounds))} ms (${figures(Math.min(...rounds))} to ${figures(Math.max(...rounds))})`,
      })),
    ),
    details: {
      page: PAGE,
      searches: SEARCHES.map(({ what, filter, orderBy }) => ({ what, filter, orderBy })),
      measured,
    },
  };
}

/** The server makes its database, and is away while it is filled: the embedded one has one owner. */
async function onEmbedded(bench: Bench): Promise<readonly Timed[]> {
  const storeFolder = join(bench.folder, 'run-search');
  const maker = await ModelgraphServer.start({ ...bench, profileFolder: null, storeFolder });
  await maker.process.stop();
  const database = await EmbeddedDatabase.open(join(storeFolder, 'database'));
  const client = new Client({ user: 'postgres', database: 'postgres', stream: () => database.stream() });
  await client.connect();
  await fill(bench, client, EMBEDDED);
  await client.end();
  await database.stop();
  const server = await ModelgraphServer.start({ ...bench, storeFolder });
  const timed = await measure(bench, server, EMBEDDED.where);
  await server.process.stop();
  return timed;
}

/** Null where there is no PostgreSQL. Its autovacuum would run within a minute: it is run at once. */
async function onPostgresql(bench: Bench): Promise<readonly Timed[] | null> {
  return withDatabase(bench.say, async (databaseUrl) => {
    if (databaseUrl === null) return null;
    const storeFolder = join(bench.folder, 'run-search-postgresql');
    const server = await ModelgraphServer.start({ ...bench, storeFolder, databaseUrl });
    try {
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      await fill(bench, client, POSTGRESQL);
      await client.query('VACUUM ANALYZE');
      await client.end();
      return await measure(bench, server, POSTGRESQL.where);
    } finally {
      await server.process.stop();
    }
  });
}

async function fill(
  bench: Bench,
  client: Client,
  { runs, where }: { readonly runs: number; readonly where: string },
) {
  const startedAt = performance.now();
  await insertRuns(client, bench.isQuick ? QUICK_RUNS : runs);
  bench.say(`run search: ${where}: filled in ${figures((performance.now() - startedAt) / 1000)} s`);
}

async function measure(bench: Bench, server: ModelgraphServer, where: string): Promise<readonly Timed[]> {
  const timed: Timed[] = [];
  for (const search of SEARCHES) {
    await expectRight(server, search);
    const rounds: number[] = [];
    for (let round = 1 - WARM_UP_ROUNDS; round <= (bench.isQuick ? QUICK_ROUNDS : ROUNDS); round += 1) {
      const startedAt = performance.now();
      await server.call(SEARCH, variablesOf(search));
      if (round >= 1) rounds.push(performance.now() - startedAt);
    }
    bench.say(`  ${where}: ${search.what}: ${figures(median(rounds))} ms`);
    timed.push({ what: search.what, rounds });
  }
  return timed;
}

const variablesOf = ({ filter, orderBy, after }: Search) => ({ filter, orderBy, after });

/** Fast and wrong would be worth nothing. */
async function expectRight(server: ModelgraphServer, search: Search): Promise<void> {
  const { runs } = await server.call<{ runs: { readonly nodes: readonly Values[] } }>(
    VALUES,
    variablesOf(search),
  );
  let before = -Infinity;
  for (const { params, metrics } of runs.nodes) {
    const valueOf = (wanted: string) => metrics.find(({ key }) => key === wanted)?.last ?? NaN;
    const isInOrder = search.orderBy !== BY_METRIC || valueOf('m1') >= before;
    before = valueOf('m1');
    if (!isInOrder || !search.isFound(valueOf('m0'), params[0]?.value ?? ''))
      throw new Error(`“${search.what}” finds what it should not, or in a wrong order.`);
  }
}
