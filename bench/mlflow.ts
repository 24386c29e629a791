import { join } from 'node:path';
import { withDatabase } from './postgres';
import type { Bench, Measured } from './benchmark';
import { measuredOf, type Contestant, type Logged, type Reads } from './mlflow-figures';
import { FULL, PHASES, QUICK, type Kind, type Settings } from './mlflow-kinds';
import { fillByDoor, type FillOrder } from './mlflow-load';
import { startMlflow } from './mlflow-peer';
import { chart, readAll, search } from './mlflow-reads';
import { ModelgraphServer } from './modelgraph-server';
import { figures, median } from './statistics';

/**
 * All points take MLflow a minute or two, and more of each page the further it is: what was read by then says enough.
 */
const READ_LIMIT_MS = 30_000;

/** MLflow's REST paths of our server and of MLflow's own, by the same code, in turn. */
export async function benchMlflow(bench: Bench): Promise<Measured> {
  const settings = bench.isQuick ? QUICK : FULL;
  return withDatabase(bench.say, async (databaseUrl) => {
    const peer = await startMlflow(bench, settings);
    const ours = bench.isPeerOnly ? [] : await startOurs(bench, settings, databaseUrl);
    const all: Contestant[] = [...ours, ...(peer ? [{ name: 'mlflow' as const, ...peer }] : [])];
    try {
      const logged = await logInTurn(bench, all, settings);
      const reads = new Map<string, Reads>();
      for (const one of all) reads.set(one.name, await read(bench, one, settings));
      return measuredOf(all, peer?.version ?? null, logged, reads, settings);
    } finally {
      // Before the database goes that one of them works on.
      await Promise.all(all.map(({ process }) => process.stop()));
    }
  });
}

/** Over the embedded database, and over PostgreSQL where there is one: with fewer runs, for the time that it takes. */
async function startOurs(
  bench: Bench,
  settings: Settings,
  databaseUrl: string | null,
): Promise<Contestant[]> {
  const start = async (name: Contestant['name'], order: FillOrder, more: { databaseUrl?: string }) => {
    const storeFolder = join(bench.folder, name.replaceAll(' ', '-'));
    const { process, url, key } = await ModelgraphServer.start({ ...bench, storeFolder, ...more });
    const target = { url, headers: { authorization: `Bearer ${key}` } };
    const filled = await fillByDoor(target, order);
    bench.say(`  ${name} has ${figures(filled.runs)} runs and a series of ${figures(filled.points)} points`);
    return { name, process, target, filled };
  };
  bench.say('mlflow: filling our servers by their door');
  const embedded = await start('modelgraph', settings, {});
  if (databaseUrl === null) return [embedded];
  const fewer = { ...settings, runsMs: settings.runsMs / 4 };
  return [embedded, await start('modelgraph on PostgreSQL', fewer, { databaseUrl })];
}

async function logInTurn(bench: Bench, all: readonly Contestant[], settings: Settings): Promise<Logged> {
  const logged: Logged = new Map(all.map(({ name }) => [name, new Map<Kind, number[]>()]));
  bench.say(`mlflow: ${settings.rounds} rounds for each of ${all.map(({ name }) => name).join(', ')}`);
  const measure = async (kind: Kind, round: number) => {
    for (const { name, target } of all) {
      const reached = await kind.measure(target, settings);
      const sofar = logged.get(name)?.get(kind) ?? [];
      logged.get(name)?.set(kind, [...sofar, reached]);
      bench.say(`  ${round}. ${name}: ${kind.what}: ${figures(reached)} ${kind.unit}`);
    }
  };
  for (const kinds of PHASES)
    for (let round = 1; round <= settings.rounds; round += 1)
      for (const kind of kinds) await measure(kind, round);
  return logged;
}

/** MLflow's own answers take seconds: each is asked for once there, its chart twice. */
async function read(
  bench: Bench,
  { name, target, filled }: Contestant,
  { repeats }: Settings,
): Promise<Reads> {
  const isPeer = name === 'mlflow';
  const [coldChartMs = NaN, ...warm] = await chart(target, filled, isPeer ? 2 : repeats + 1);
  const searches = await search(target, filled, isPeer ? 1 : repeats);
  const reads = {
    coldChartMs,
    warmChartMs: median(warm),
    searchMs: median(searches),
    ...(await readAll(target, filled, READ_LIMIT_MS)),
  };
  bench.say(
    `  ${name}: chart ${figures(coldChartMs)}, then ${figures(reads.warmChartMs)} ms; search ${figures(reads.searchMs)} ms; ${figures(reads.readPoints)} points ${figures(reads.readMs)} ms`,
  );
  return reads;
}
