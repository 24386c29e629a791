import { join } from 'node:path';
import type { Bench, Measured } from './benchmark';
import type { Child } from './children';
import type { LoadOrder, LoadReport } from './load';
import { FEATURE_NAMES, INPUT_NAME, modelFile } from './model';
import { expectType, ModelgraphServer } from './modelgraph-server';
import { figures, median } from './statistics';
import { ENDPOINT, type TargetName } from './targets';

const ASKED_RATIO = 0.7;
const CONCURRENCY = 64;
const ROUNDS = 5;
const ROUND_MS = 5_000;
/** Long enough for both servers to be compiled to machine code. */
const WARM_UP_MS = 4_000;
const CALIBRATION_MS = 2_000;
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };

interface Seen extends LoadReport {
  /** CPU time of the server and its children for each request, in µs; null where that cannot be known. */
  readonly serverCpuPerRequest: number | null;
}

interface Round {
  readonly modelgraph: Seen;
  readonly naive: Seen;
}

type Ask = (target: TargetName, durationMs: number) => Promise<Seen>;

/** GraphQL `predict` with one row of 30 numbers against the naive server, in turn, on the same model. */
export async function benchPredict(bench: Bench): Promise<Measured> {
  const { children, isQuick } = bench;
  const server = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, 'predict') });
  await deployModel(server);
  const environment = { PATH: process.env.PATH };
  const naive = children.start({ file: join(__dirname, 'naive-server.js'), environment });
  const { url: naiveUrl } = await naive.hear<{ url: string }>(({ url }) => typeof url === 'string');
  const load = children.start({ file: join(__dirname, 'load.js'), environment });

  const ask: Ask = async (target, durationMs) => {
    const isOurs = target === 'modelgraph';
    const asked = isOurs ? server.process : naive;
    const to = isOurs ? { url: server.url, key: server.key } : { url: naiveUrl, key: null };
    const before = asked.cpuMicroseconds();
    const report = await runLoad(load, { target, ...to, concurrency: CONCURRENCY, durationMs });
    const after = asked.cpuMicroseconds();
    const isKnown = before !== null && after !== null;
    return { ...report, serverCpuPerRequest: isKnown ? (after - before) / report.requests : null };
  };
  const { rounds, roundMs, warmUpMs } = isQuick
    ? QUICK
    : { rounds: ROUNDS, roundMs: ROUND_MS, warmUpMs: WARM_UP_MS };
  bench.say(`predict: warm-up, then ${rounds} rounds of ${roundMs / 1000} s each, in turn`);
  await ask('naive', warmUpMs);
  await ask('modelgraph', warmUpMs);
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const pair = { naive: await ask('naive', roundMs), modelgraph: await ask('modelgraph', roundMs) };
    measured.push(pair);
    bench.say(`  ${round}. naive ${line(pair.naive)} · modelgraph ${line(pair.modelgraph)}`);
  }
  const ceiling = await ask('trivial', isQuick ? roundMs : CALIBRATION_MS);
  bench.say(`  the load alone reaches ${figures(ceiling.requestsPerSecond)} requests/s`);
  await Promise.all([naive.stop(), load.stop()]);
  return summary(measured, ceiling, roundMs);
}

async function deployModel(server: ModelgraphServer): Promise<void> {
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

function summary(rounds: readonly Round[], ceiling: Seen, roundMs: number): Measured {
  const ratios = rounds.map(
    ({ modelgraph, naive }) => modelgraph.requestsPerSecond / naive.requestsPerSecond,
  );
  const what = 'predict, one row of 30 numbers, 64 at a time, against the naive server';
  return {
    figures: [{ what, unit: '× its requests/s', asked: ASKED_RATIO, reached: median(ratios) }],
    seen: [
      { who: 'predict: Modelgraph', what: medians(rounds.map(({ modelgraph }) => modelgraph)) },
      { who: 'predict: the naive server', what: medians(rounds.map(({ naive }) => naive)) },
      {
        who: 'predict: the load on a handler that does nothing',
        what: `${figures(ceiling.requestsPerSecond)} requests/s`,
      },
    ],
    details: { concurrency: CONCURRENCY, roundMs, ratios, rounds, ceiling },
  };
}

function medians(reports: readonly Seen[]): string {
  const of = (key: keyof LoadReport) => median(reports.map((report) => report[key]));
  const cpu = median(reports.map(({ serverCpuPerRequest }) => serverCpuPerRequest ?? NaN));
  const core = Math.round(100 * of('ownCpuShare'));
  return [
    `${figures(of('requestsPerSecond'))} requests/s`,
    `p50 ${figures(of('p50Ms'))} ms`,
    `p99 ${figures(of('p99Ms'))} ms`,
    ...(Number.isNaN(cpu) ? [] : [`${figures(cpu)} µs of CPU a request`]),
    `the load used ${core} % of a core`,
  ].join(', ');
}

const line = ({ requestsPerSecond, p50Ms, p99Ms, serverCpuPerRequest }: Seen) =>
  `${figures(requestsPerSecond)}/s p50 ${figures(p50Ms)} p99 ${figures(p99Ms)} ms cpu ${figures(serverCpuPerRequest ?? NaN)} µs`;
