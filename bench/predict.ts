import { join } from 'node:path';
import type { Bench, Figure, Measured } from './benchmark';
import type { Child } from './children';
import type { LoadOrder, LoadReport } from './load';
import { FEATURE_NAMES, INPUT_NAME, modelFile } from './model';
import { expectType, ModelgraphServer } from './modelgraph-server';
import { startFastApi } from './python-peer';
import { figures, median } from './statistics';
import { ENDPOINT, TARGET_NAMES, type TargetName } from './targets';

const CONCURRENCY = 64;
const FULL = { rounds: 5, roundMs: 3_000, warmUpMs: 3_000 };
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };

/** What is asked of the ratio of two targets' requests/s, in the same round. */
interface Asked {
  readonly what: string;
  readonly target: TargetName;
  readonly peer: TargetName;
  readonly ratio: number;
}

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
/** One caller: what the way to the model and back costs. */
const ASKED_ALONE: Asked = {
  what: 'GraphQL predict, one row of 30 numbers, one at a time, against FastAPI at its fastest',
  target: 'modelgraph',
  peer: 'fastapi-fast',
  ratio: 0.9,
};

interface Seen extends LoadReport {
  /** CPU time of the server and its children for each request, in µs; null where that cannot be known. */
  readonly serverCpuPerRequest: number | null;
}
type Round = Readonly<Partial<Record<TargetName, Seen>>>;
type Ask = (target: TargetName, concurrency: number, durationMs: number) => Promise<Seen>;

/** Our doors and their peers, in turn, on the same model with the same rows, load from a process of its own. */
export async function benchPredict(bench: Bench): Promise<Measured> {
  const { roundMs, rounds, warmUpMs } = bench.isQuick ? QUICK : FULL;
  const servers = await startServers(bench);
  const load = bench.children.start({
    file: join(__dirname, 'load.js'),
    environment: { PATH: process.env.PATH },
  });
  const targets = TARGET_NAMES.filter((name) => servers[name] && name !== 'trivial');

  const ask: Ask = async (target, concurrency, durationMs) => {
    const server = servers[target];
    if (!server) throw new Error(`${target} does not run.`);
    const before = server.process.cpuMicroseconds();
    const { url, key } = server;
    const report = await runLoad(load, { target, url, key, concurrency, durationMs });
    const after = server.process.cpuMicroseconds();
    const isKnown = before !== null && after !== null;
    return { ...report, serverCpuPerRequest: isKnown ? (after - before) / report.requests : null };
  };
  bench.say(
    `predict: warm-up, then ${rounds} rounds of ${roundMs / 1000} s for each of ${targets.join(', ')}`,
  );
  for (const target of targets) await ask(target, CONCURRENCY, warmUpMs);
  const together = await inTurn(bench, ask, targets, CONCURRENCY, { rounds, roundMs });
  const alone = servers['fastapi-fast']
    ? await inTurn(bench, ask, ['modelgraph', 'fastapi-fast'], 1, { rounds, roundMs })
    : [];
  const ceiling = await ask('trivial', CONCURRENCY, 1_000);
  bench.say(`  the load alone reaches ${figures(ceiling.requestsPerSecond)} requests/s`);
  return {
    figures: [...ASKED.flatMap((asked) => figureOf(asked, together)), ...figureOf(ASKED_ALONE, alone)],
    seen: [
      ...targets.map((target) => seenOf(target, together, `${CONCURRENCY} at a time`)),
      ...(alone.length > 0
        ? (['modelgraph', 'fastapi-fast'] as const).map((one) => seenOf(one, alone, 'alone'))
        : []),
      {
        who: 'predict: the load on a handler that does nothing',
        what: `${figures(ceiling.requestsPerSecond)} requests/s`,
      },
    ],
    details: { concurrency: CONCURRENCY, roundMs, together, alone, ceiling },
  };
}

interface Server {
  readonly process: Child;
  readonly url: string;
  readonly key: string | null;
}

async function startServers(bench: Bench): Promise<Partial<Record<TargetName, Server>>> {
  const ours = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, 'predict') });
  await deployModel(ours);
  const peer = async (file: string): Promise<Server> => {
    const process_ = bench.children.start({
      file: join(__dirname, file),
      environment: { PATH: process.env.PATH },
    });
    const { url } = await process_.hear<{ url: string }>((entry) => typeof entry.url === 'string');
    return { process: process_, url, key: null };
  };
  const naive = await peer('naive-server.js');
  const wire = await peer('wire-limit-server.js');
  const fastApi = await startFastApi(bench);
  const python = fastApi && { process: fastApi.child, url: fastApi.url, key: null };
  return {
    ...{ naive, wire, trivial: naive },
    ...{ modelgraph: ours, 'v2-json': ours, 'v2-binary': ours },
    ...(python && { 'fastapi-fast': python, 'fastapi-ordinary': python }),
  };
}

async function inTurn(
  bench: Bench,
  ask: Ask,
  targets: readonly TargetName[],
  concurrency: number,
  { rounds, roundMs }: { readonly rounds: number; readonly roundMs: number },
): Promise<readonly Round[]> {
  const measured: Round[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    const round: Partial<Record<TargetName, Seen>> = {};
    for (const target of targets) {
      const seen = await ask(target, concurrency, roundMs);
      round[target] = seen;
      bench.say(`  ${number}. ${target} × ${concurrency}: ${line(seen)}`);
    }
    measured.push(round);
  }
  return measured;
}

export async function deployModel(server: ModelgraphServer): Promise<void> {
  const sha256 = await server.upload(modelFile());
  const { registerModelVersion } = await server.call<{
    registerModelVersion: { __typename: string; version: { ref: string } };
  }>(
    `mutation Register($input: RegisterModelVersionInput!) {
      registerModelVersion(input: $input) {
        __typename
        ... on RegisterModelVersionSuccess { version { ref } }
        ... on UserError { code message }
      }
    }`,
    {
      input: {
        model: ENDPOINT,
        artifact: { sha256 },
        columns: [{ input: INPUT_NAME, names: FEATURE_NAMES }],
      },
    },
  );
  const { version } = expectType(registerModelVersion, 'RegisterModelVersionSuccess');
  const { deployEndpoint } = await server.call<{ deployEndpoint: { __typename: string } }>(
    `mutation Deploy($input: DeployEndpointInput!) {
      deployEndpoint(input: $input) { __typename ... on UserError { code message } }
    }`,
    { input: { name: ENDPOINT, variants: [{ ref: version.ref, weight: 1 }] } },
  );
  expectType(deployEndpoint, 'DeployEndpointSuccess');
}

function runLoad(load: Child, order: LoadOrder): Promise<LoadReport> {
  const report = load.hear<LoadReport>((entry) => typeof entry.requestsPerSecond === 'number');
  load.tell(order);
  return report.then((seen) => {
    const isUnchecked = order.target !== 'trivial' && seen.checkedAnswers === 0;
    if (isUnchecked) throw new Error(`No answer of ${order.target} was compared with the model's output.`);
    return seen;
  });
}

/** None where the peer is not present. */
function figureOf({ what, target, peer, ratio }: Asked, rounds: readonly Round[]): Figure[] {
  const ratios = rounds.flatMap((round) => {
    const [one, other] = [round[target], round[peer]];
    return one && other ? [one.requestsPerSecond / other.requestsPerSecond] : [];
  });
  return ratios.length > 0 ? [{ what, unit: '× its requests/s', asked: ratio, reached: median(ratios) }] : [];
}

function seenOf(target: TargetName, rounds: readonly Round[], how: string): { who: string; what: string } {
  const reports = rounds.flatMap((round) => round[target] ?? []);
  const of = (key: keyof LoadReport) => median(reports.map((report) => report[key]));
  const cpu = median(reports.map(({ serverCpuPerRequest }) => serverCpuPerRequest ?? NaN));
  const what = [
    `${figures(of('requestsPerSecond'))} requests/s`,
    `p50 ${figures(of('p50Ms'))} ms`,
    `p99 ${figures(of('p99Ms'))} ms`,
    ...(Number.isNaN(cpu) ? [] : [`${figures(cpu)} µs of CPU a request`]),
    `the load used ${Math.round(100 * of('ownCpuShare'))} % of a core`,
  ].join(', ');
  return { who: `predict: ${target}, ${how}`, what };
}

const line = ({ requestsPerSecond, p50Ms, p99Ms, serverCpuPerRequest }: Seen) =>
  `${figures(requestsPerSecond)}/s p50 ${figures(p50Ms)} p99 ${figures(p99Ms)} ms cpu ${figures(serverCpuPerRequest ?? NaN)} µs`;
