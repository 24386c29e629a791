import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BareLoop } from './bare-loop';
import type { Bench, Figure, Measured } from './benchmark';
import { deploy } from './deploy';
import { BATCH_ROWS, heavyModelFile } from './heavy-model';
import { HEAVY_ENDPOINT } from './heavy-targets';
import { ModelgraphServer } from './modelgraph-server';
import { Rounds, seenOf, serverOf, type Round } from './rounds';
import { figures, median } from './statistics';
import type { TargetName } from './targets';

const ASKED_SHARE = 0.85;
/** Enough that every worker has a batch before it and one behind it. */
const BATCH_CALLERS = 8;
/** Callers of one row each: two full batches for each of two workers. */
const ROW_CALLERS = 128;
/** At some 130 requests/s the engine takes 20 s of them until all that is hot is compiled. */
const FULL = { rounds: 5, roundMs: 1_500, warmUpMs: 15_000 };
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };

const BATCH_TARGETS: readonly TargetName[] = ['heavy-graphql', 'heavy-v2-binary'];
const ROW_TARGETS: readonly TargetName[] = ['heavy-row-graphql', 'heavy-row-v2-binary'];

interface HeavyRound {
  /** Rows a second of a session in a loop, in as many processes as the server has workers. */
  readonly bareRows: number;
  readonly bareMs: number;
  readonly seen: Round;
}

/** A model for which the way to it should not count: rows a second through the server against a session in a loop. */
export async function benchHeavy(bench: Bench): Promise<Measured> {
  const { roundMs, rounds: count, warmUpMs } = bench.isQuick ? QUICK : FULL;
  const server = await ModelgraphServer.start({ ...bench, storeFolder: join(bench.folder, 'heavy') });
  await deploy(server, { name: HEAVY_ENDPOINT, model: heavyModelFile() });
  const ours = serverOf(server.process, server.url, server.key);
  const targets = [...BATCH_TARGETS, ...ROW_TARGETS];
  const rounds = new Rounds(bench, Object.fromEntries(targets.map((target) => [target, ours])));
  // By default a server has a worker of one thread for each core.
  const bare = new BareLoop(bench, availableParallelism());

  for (const target of targets) await rounds.ask(target, callersOf(target), warmUpMs);
  const measured: HeavyRound[] = [];
  for (let number = 1; number <= count; number += 1) {
    const { runsPerSecond, p50Ms } = await bare.run({ model: 'heavy', durationMs: roundMs });
    const bareRows = runsPerSecond * BATCH_ROWS;
    bench.say(
      `  ${number}. bare session: ${figures(bareRows)} rows/s, ${figures(p50Ms)} ms a batch of ${BATCH_ROWS}`,
    );
    const turn = { rounds: 1, roundMs };
    const [whole] = await rounds.inTurn({ targets: BATCH_TARGETS, concurrency: BATCH_CALLERS, ...turn });
    const [single] = await rounds.inTurn({ targets: ROW_TARGETS, concurrency: ROW_CALLERS, ...turn });
    measured.push({ bareRows, bareMs: p50Ms, seen: { ...whole, ...single } });
  }
  const batchMs = median(measured.map(({ bareMs }) => bareMs));
  return {
    figures: BATCH_TARGETS.map((target) => shareFigure(target, measured, batchMs)),
    seen: [
      {
        who: 'heavy: a session in a loop in each worker’s place',
        what: `${figures(median(measured.map(({ bareRows }) => bareRows)))} rows/s, ${figures(batchMs)} ms a batch of ${BATCH_ROWS}`,
      },
      ...targets.map((target) => {
        const { who, what } = seenOf(
          `heavy: ${target}`,
          target,
          measured.map(({ seen }) => seen),
        );
        return { who, what: `${figures(shareOf(target, measured))} of its rows/s: ${what}` };
      }),
    ],
    details: { batchRows: BATCH_ROWS, roundMs, measured },
  };
}

const isBatch = (target: TargetName): boolean => BATCH_TARGETS.includes(target);
const callersOf = (target: TargetName): number => (isBatch(target) ? BATCH_CALLERS : ROW_CALLERS);

function shareOf(target: TargetName, measured: readonly HeavyRound[]): number {
  const rowsPerRequest = isBatch(target) ? BATCH_ROWS : 1;
  return median(
    measured.map(
      ({ bareRows, seen }) => ((seen[target]?.requestsPerSecond ?? NaN) * rowsPerRequest) / bareRows,
    ),
  );
}

function shareFigure(target: TargetName, measured: readonly HeavyRound[], batchMs: number): Figure {
  const door = target === 'heavy-graphql' ? 'GraphQL predict in base64' : 'V2 REST binary';
  return {
    what: `${door}, batches of ${BATCH_ROWS} rows that take ${figures(batchMs)} ms, against a session in a loop with the same threads`,
    unit: '× its rows/s',
    asked: ASKED_SHARE,
    reached: shareOf(target, measured),
  };
}
