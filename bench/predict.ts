import { join } from 'node:path';
import type { Bench, Measured } from './benchmark';
import { deployRows } from './deploy-rows';
import { ModelgraphServer } from './modelgraph-server';
import { startFastApi } from './python-peer';
import {
  p99Figure,
  ratioFigure,
  Rounds,
  seenOf,
  serverOf,
  type Asked,
  type Server,
  type Servers,
} from './rounds';
import { figures } from './statistics';
import type { TargetName } from './targets';

const CONCURRENCY = 64;
const FULL = { rounds: 5, roundMs: 3_000, warmUpMs: 3_000 };
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };

const TARGETS: readonly TargetName[] = [
  'naive',
  'modelgraph',
  'v2-json',
  'v2-binary',
  'wire',
  'fastapi-fast',
  'fastapi-ordinary',
];

const WHAT = 'one row of 30 numbers, 64 at a time';
const ASKED: readonly Asked[] = [
  {
    what: `GraphQL predict, ${WHAT}, against the naive server`,
    target: 'modelgraph',
    peer: 'naive',
    ratio: 1.3,
  },
  {
    what: `GraphQL predict, ${WHAT}, against the wire limit`,
    target: 'modelgraph',
    peer: 'wire',
    ratio: 0.55,
  },
  { what: `V2 REST JSON, ${WHAT}, against the naive server`, target: 'v2-json', peer: 'naive', ratio: 1.8 },
  { what: `V2 REST binary, ${WHAT}, against the naive server`, target: 'v2-binary', peer: 'naive', ratio: 2 },
  {
    what: `GraphQL predict, ${WHAT}, against FastAPI at its fastest`,
    target: 'modelgraph',
    peer: 'fastapi-fast',
    ratio: 3,
  },
  {
    what: `GraphQL predict, ${WHAT}, against FastAPI as is usual`,
    target: 'modelgraph',
    peer: 'fastapi-ordinary',
    ratio: 8,
  },
  {
    what: `V2 REST JSON, ${WHAT}, against FastAPI at its fastest`,
    target: 'v2-json',
    peer: 'fastapi-fast',
    ratio: 4.5,
  },
];
/** Beside more requests, none of its callers may wait longer; the wire limit is a bound, and has no callers to lose. */
const isForPatience = ({ target, peer }: Asked): boolean => target === 'modelgraph' && peer !== 'wire';
/** One caller: what the way to the model and back costs. */
const ASKED_ALONE: Asked = {
  what: 'GraphQL predict, one row of 30 numbers, one at a time, against FastAPI at its fastest',
  target: 'modelgraph',
  peer: 'fastapi-fast',
  ratio: 0.9,
};

/** Our doors and their peers, in turn, on the same model with the same rows, load from a process of its own. */
export async function benchPredict(bench: Bench): Promise<Measured> {
  const { roundMs, rounds: count, warmUpMs } = bench.isQuick ? QUICK : FULL;
  const rounds = new Rounds(bench, await startServers(bench));
  const targets = rounds.present(TARGETS);
  bench.say(
    `predict: warm-up, then ${count} rounds of ${roundMs / 1000} s for each of ${targets.join(', ')}`,
  );
  for (const target of targets) await rounds.ask(target, CONCURRENCY, warmUpMs);
  const together = await rounds.inTurn({ targets, concurrency: CONCURRENCY, rounds: count, roundMs });
  const both = rounds.present(['modelgraph', 'fastapi-fast']);
  const alone =
    both.length === 2 ? await rounds.inTurn({ targets: both, concurrency: 1, rounds: count, roundMs }) : [];
  const ceiling = await rounds.ask('trivial', CONCURRENCY, 1_000);
  bench.say(`  the load alone reaches ${figures(ceiling.requestsPerSecond)} requests/s`);
  return {
    figures: [
      ...ASKED.flatMap((asked) => ratioFigure(asked, together)),
      ...ASKED.filter(isForPatience).flatMap((asked) => p99Figure(asked, together)),
      ...ratioFigure(ASKED_ALONE, alone),
    ],
    seen: [
      ...TARGETS.map((target) => seenOf(`predict: ${target}, ${CONCURRENCY} at a time`, target, together)),
      ...both.map((one) => seenOf(`predict: ${one}, alone`, one, alone)),
      {
        who: 'predict: the load on a handler that does nothing',
        what: `${figures(ceiling.requestsPerSecond)} requests/s`,
      },
    ],
    details: { concurrency: CONCURRENCY, roundMs, together, alone, ceiling },
  };
}

async function startServers(bench: Bench): Promise<Servers> {
  const server = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, 'predict') });
  await deployRows(server);
  const ours = serverOf(server.process, server.url, server.key);
  const peer = async (file: string): Promise<Server> => {
    const process_ = bench.children.start({
      file: join(__dirname, file),
      environment: { PATH: process.env.PATH },
    });
    const { url } = await process_.hear<{ url: string }>((entry) => typeof entry.url === 'string');
    return serverOf(process_, url);
  };
  const naive = await peer('naive-server.js');
  const wire = await peer('wire-limit-server.js');
  const python = await startFastApi(bench, 1);
  return {
    ...{ naive, wire, trivial: naive },
    ...{ modelgraph: ours, 'v2-json': ours, 'v2-binary': ours },
    ...(python && { 'fastapi-fast': python, 'fastapi-ordinary': python }),
  };
}
