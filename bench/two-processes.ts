import type { Bench, Measured } from './benchmark';
import { deployRows } from './deploy-rows';
import { startFastApi } from './python-peer';
import { ratioFigure, Rounds, seenOf, type Asked } from './rounds';
import type { TargetName } from './targets';
import { NO_POSTGRESQL, withTwoServers } from './two-servers';

const CONCURRENCY = 64;
const FULL = { rounds: 5, roundMs: 2_000, warmUpMs: 3_000 };
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };

const TARGETS: readonly TargetName[] = ['modelgraph', 'v2-json', 'fastapi-fast'];
const WHAT = 'one row of 30 numbers, 64 at a time, two processes each, against FastAPI at its fastest';
const ASKED: readonly Asked[] = [
  { what: `GraphQL predict, ${WHAT}`, target: 'modelgraph', peer: 'fastapi-fast', ratio: 3 },
  { what: `V2 REST JSON, ${WHAT}`, target: 'v2-json', peer: 'fastapi-fast', ratio: 4 },
];

/** Two whole servers over one database against two processes of FastAPI, the load spread over both. */
export async function benchTwoProcesses(bench: Bench): Promise<Measured> {
  const { roundMs, rounds: count, warmUpMs } = bench.isQuick ? QUICK : FULL;
  return withTwoServers(bench, deployRows, async (ours) => {
    const python = await startFastApi(bench, 2);
    const rounds = new Rounds(bench, {
      ...(ours && { modelgraph: ours, 'v2-json': ours }),
      ...(python && { 'fastapi-fast': python }),
    });
    const targets = rounds.present(TARGETS);
    for (const target of targets) await rounds.ask(target, CONCURRENCY, warmUpMs);
    const measured = await rounds.inTurn({ targets, concurrency: CONCURRENCY, rounds: count, roundMs });
    return {
      figures: ASKED.flatMap((asked) => ratioFigure(asked, measured)),
      seen: TARGETS.map((target) =>
        seenOf(`two processes: ${target}`, target, measured, ours ? undefined : NO_POSTGRESQL),
      ),
      details: { concurrency: CONCURRENCY, roundMs, measured },
    };
  });
}
