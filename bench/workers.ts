import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '../src/serving/execution/backend';
import { DEFAULT_SETTINGS } from '../src/serving/endpoints/endpoint-settings';
import { WorkerPool } from '../src/serving/worker/worker-pool';
import type { Bench, Figure, Measured } from './benchmark';
import { largeModelFile, WIDTH } from './large-model';
import { INPUT_NAME } from './model';
import { figures, median } from './statistics';

const MEGABYTE = 1_000_000;
const COLD = { modelBytes: 100 * MEGABYTE, askedMs: 1_000, rounds: 7, quickRounds: 2 };
/** `settled`: the cycle after which memory must not grow any more; `around`: cycles whose median stands for one. */
const CYCLES = {
  modelBytes: 50 * MEGABYTE,
  settled: 20,
  last: 200,
  quickLast: 30,
  around: 5,
  askedRatio: 1.1,
};
const RUN_LIMIT_MS = 30_000;
const STOP_WITHIN_MS = 5_000;

/** What a worker costs that comes and goes, and what a model costs that comes and goes. */
export async function benchWorkers(bench: Bench): Promise<Measured> {
  const cold = await coldStarts(bench);
  const memory = await loadCycles(bench);
  return {
    figures: [cold.figure, memory.figure],
    seen: [
      {
        who: 'workers: a cold start',
        what: `${figures(median(cold.spawnMs))} ms to spawn, ${figures(median(cold.loadMs))} ms to load and warm up`,
      },
      {
        who: 'workers: memory after the model was let go of',
        what: `${figures(memory.settledBytes / MEGABYTE)} MB after ${CYCLES.settled} cycles, ${figures(memory.lastBytes / MEGABYTE)} MB at the end`,
      },
    ],
    details: { cold, memory },
  };
}

/** From nothing to a worker that has run the model with one row and with a whole batch. */
async function coldStarts(bench: Bench) {
  const file = await modelFile(bench, 'cold.onnx', COLD.modelBytes);
  const spawnMs: number[] = [];
  const loadMs: number[] = [];
  const rounds = bench.isQuick ? COLD.quickRounds : COLD.rounds;
  for (let round = 1; round <= rounds; round += 1) {
    const pool = newPool(bench);
    try {
      const startedAt = performance.now();
      await pool.start();
      const spawnedAt = performance.now();
      await pool.load(file, DEFAULT_SETTINGS.maxBatch);
      spawnMs.push(spawnedAt - startedAt);
      loadMs.push(performance.now() - spawnedAt);
    } finally {
      await pool.stop({ withinMs: STOP_WITHIN_MS });
    }
    bench.say(
      `  ${round}. cold start: ${figures(spawnMs.at(-1) ?? NaN)} + ${figures(loadMs.at(-1) ?? NaN)} ms`,
    );
  }
  const totalMs = spawnMs.map((spawn, round) => spawn + (loadMs[round] ?? NaN));
  const figure: Figure = {
    what: 'cold start of a worker: spawn, load of a 100 MB model, warm-up',
    unit: 'ms',
    asked: COLD.askedMs,
    atMost: true,
    reached: median(totalMs),
  };
  return { figure, spawnMs, loadMs };
}

/** Loads, runs once, lets go, again and again: what the process keeps must not grow. */
async function loadCycles(bench: Bench) {
  const { settled, around, askedRatio } = CYCLES;
  const last = bench.isQuick ? CYCLES.quickLast : CYCLES.last;
  const file = await modelFile(bench, 'cycle.onnx', CYCLES.modelBytes);
  const row = {
    name: INPUT_NAME,
    datatype: 'FP32',
    shape: [1, WIDTH],
    data: new Float32Array(WIDTH),
  } as const;
  const afterBytes: number[] = [];
  const pool = newPool(bench);
  try {
    await pool.start();
    for (let cycle = 1; cycle <= last; cycle += 1) {
      await pool.load(file, DEFAULT_SETTINGS.maxBatch);
      await pool.run(file, [row], { timeoutMs: RUN_LIMIT_MS });
      await pool.unload(file);
      afterBytes.push(pool.status()[0]?.rssBytes ?? NaN);
      if (cycle % settled === 0)
        bench.say(`  after ${cycle} cycles: ${figures((afterBytes.at(-1) ?? NaN) / MEGABYTE)} MB`);
    }
  } finally {
    await pool.stop({ withinMs: STOP_WITHIN_MS });
  }
  const settledBytes = median(afterBytes.slice(settled - around, settled));
  const lastBytes = median(afterBytes.slice(-around));
  const figure: Figure = {
    what: `memory of a worker after ${last} load/unload cycles of a 50 MB model, against after ${settled}`,
    unit: '×',
    asked: askedRatio,
    atMost: true,
    reached: lastBytes / settledBytes,
  };
  return { figure, settledBytes, lastBytes, afterBytes };
}

const newPool = (bench: Bench): WorkerPool =>
  new WorkerPool({
    workers: 1,
    providers: ['cpu'],
    intraOpNumThreads: 1,
    environment: {},
    onEvent: (event) => bench.say(JSON.stringify(event)),
  });

async function modelFile({ folder }: Bench, name: string, bytes: number): Promise<ModelFile> {
  const content = largeModelFile(bytes);
  const path = join(folder, name);
  await writeFile(path, content);
  return { sha256: createHash('sha256').update(content).digest('hex'), path };
}
