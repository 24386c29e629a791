import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxBackend } from '../src/serving/backends/onnx';
import type { BatchRequest } from '../src/serving/batching/batch-request';
import { Batcher } from '../src/serving/batching/batcher';
import { DEFAULT_SETTINGS } from '../src/serving/endpoints/endpoint-settings';
import { WorkerPool } from '../src/serving/worker/worker-pool';
import type { Bench, Measured } from './benchmark';
import { INPUT_NAME, mlpFile } from './model';
import { figures, median } from './statistics';

const ASKED_GAIN = 10;
const CALLERS = 256;
/** 64 numbers in, three hidden layers of 256, one out: a usual tabular network. */
const LAYERS = [64, 256, 256, 256, 1];
const FULL = { rounds: 5, roundMs: 2_000 };
const QUICK = { rounds: 2, roundMs: 500 };
const TIMEOUT_MS = 10_000;

/** Rows a second of single-row callers through the same workers, in batches and one by one, in turn. */
export async function benchBatching(bench: Bench): Promise<Measured> {
  const { rounds, roundMs } = bench.isQuick ? QUICK : FULL;
  const bytes = mlpFile(LAYERS);
  const file = {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    path: join(bench.folder, 'mlp.onnx'),
  };
  await writeFile(file.path, bytes);
  const options = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
  const pool = new WorkerPool({
    workers: 1,
    ...options,
    onEvent: (event) => bench.say(JSON.stringify(event)),
  });
  try {
    await pool.start();
    const backend = new OnnxBackend(pool, options);
    await backend.load(file);
    const batcher = new Batcher(backend);
    const ask = (maxBatch: number, durationMs: number) => {
      const policy = { ...DEFAULT_SETTINGS, maxBatch };
      const data = Float32Array.from({ length: LAYERS[0] ?? 0 }, (_, at) => at / 64);
      const inputs = [{ name: INPUT_NAME, datatype: 'FP32' as const, shape: [1, data.length], data }];
      return rowsPerSecond(
        batcher,
        { file, batchable: true, inputs, policy, deadlineAt: Infinity },
        durationMs,
      );
    };
    await ask(DEFAULT_SETTINGS.maxBatch, roundMs);
    const measured: { readonly together: number; readonly alone: number }[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const pair = { alone: await ask(1, roundMs), together: await ask(DEFAULT_SETTINGS.maxBatch, roundMs) };
      measured.push(pair);
      bench.say(
        `  ${round}. one by one ${figures(pair.alone)} rows/s · in batches ${figures(pair.together)} rows/s`,
      );
    }
    const ratios = measured.map(({ together, alone }) => together / alone);
    const what = `dynamic batching, ${CALLERS} callers, an MLP of ${LAYERS.join('-')}, one worker, against batches of one`;
    return {
      figures: [{ what, unit: '× its rows/s', asked: ASKED_GAIN, reached: median(ratios) }],
      seen: [
        {
          who: 'batching: in batches',
          what: `${figures(median(measured.map(({ together }) => together)))} rows/s`,
        },
        {
          who: 'batching: one by one',
          what: `${figures(median(measured.map(({ alone }) => alone)))} rows/s`,
        },
      ],
      details: { callers: CALLERS, layers: LAYERS, roundMs, measured },
    };
  } finally {
    await pool.stop({ withinMs: TIMEOUT_MS });
  }
}

async function rowsPerSecond(batcher: Batcher, request: BatchRequest, durationMs: number): Promise<number> {
  const startedAt = performance.now();
  let answered = 0;
  const caller = async () => {
    while (performance.now() - startedAt < durationMs) {
      await batcher.submit({ ...request, deadlineAt: performance.now() + TIMEOUT_MS });
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (answered / (performance.now() - startedAt)) * 1000;
}
