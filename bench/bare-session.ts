import { createInterface } from 'node:readline';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { batches, BATCH_ROWS, HEAVY_INPUT, HEAVY_WIDTH, heavyModelFile } from './heavy-model';
import { FEATURE_NAMES, INPUT_NAME, modelFile, rows } from './model';
import { quantile } from './statistics';

/** What the loop is told to do; one a line on its standard input. */
export interface LoopOrder {
  /** One row to the small model, or a batch to the one that takes its time. */
  readonly model: 'row' | 'heavy';
  readonly durationMs: number;
}

/** What it saw; one a line on its standard output. */
export interface LoopReport {
  readonly runsPerSecond: number;
  readonly p50Ms: number;
}

/** One thread, as a worker has it. */
const OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1 };

/** The questions are made before anything is measured, and so is nothing but the session. */
async function prepare(model: LoopOrder['model']) {
  if (model === 'heavy') {
    const session = await InferenceSession.create(heavyModelFile(), OPTIONS);
    const shape = [BATCH_ROWS, HEAVY_WIDTH];
    return {
      session,
      feeds: batches.map((batch) => ({ [HEAVY_INPUT]: new Tensor('float32', batch, shape) })),
    };
  }
  const session = await InferenceSession.create(modelFile(), OPTIONS);
  const feeds = rows.map((row) => {
    const values = Float32Array.from(FEATURE_NAMES, (name) => row[name] ?? NaN);
    return { [INPUT_NAME]: new Tensor('float32', values, [1, values.length]) };
  });
  return { session, feeds };
}

/** The least that a prediction can cost: one run after the other, with nothing around them. */
async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { model, durationMs } = JSON.parse(line) as LoopOrder;
    const { session, feeds } = await prepare(model);
    const latenciesMs: number[] = [];
    const startedAt = performance.now();
    for (let askedAt = startedAt; askedAt - startedAt < durationMs;) {
      await session.run(feeds[latenciesMs.length % feeds.length] ?? {});
      const answeredAt = performance.now();
      latenciesMs.push(answeredAt - askedAt);
      askedAt = answeredAt;
    }
    const elapsedMs = performance.now() - startedAt;
    await session.release();
    latenciesMs.sort((a, b) => a - b);
    const report: LoopReport = {
      runsPerSecond: (latenciesMs.length / elapsedMs) * 1000,
      p50Ms: quantile(latenciesMs, 0.5),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

void main();
