import { type Epoch, train, type TrainingOptions } from '../classifier';
import type { Client } from '../client';
import type { Narrator } from '../narrator';
import {
  FINISH_RUN,
  LOG_METRICS,
  RUN_METRICS,
  type RunMetricsEvent,
  type Source,
  START_RUN,
} from '../operations/tracking';
import { expectMember } from '../outcome';
import type { Subscription } from '../subscription';
import type { Split } from '../table';
import { percent, shortNumber } from '../wording';
import { EXPERIMENT } from './open-experiment';
import type { RegisteredData } from './register-data';
import { saveModel, type SavedModel } from './save-model';

/** Of each training this many epochs are printed as they arrive. */
const EPOCHS_PRINTED = 5;
/** `RunFinished` follows within milliseconds; without it the subscription does not work. */
const LAST_EVENT_TIMEOUT_MS = 10_000;
const WATCHED_METRIC = 'val_log_loss';

export interface Training {
  readonly name: string;
  /** Rows to learn from and to be judged by; what the server is told of them is in `data`. */
  readonly rows: Split;
  readonly options: TrainingOptions;
}

export interface TrainedRun {
  readonly runId: string;
  readonly last: Epoch;
  readonly model: SavedModel;
}

/** One run: started, trained epoch by epoch while a subscriber watches, its model saved, and finished. */
export async function trainRun(
  client: Client,
  narrator: Narrator,
  data: RegisteredData,
  training: Training,
  source: Source | undefined,
): Promise<TrainedRun> {
  const runId = await startRun(client, data, training, source);
  const watcher = await watch(client, runId);
  const [arrived, { last, model, arrivedBeforeTheEnd }] = await Promise.all([
    printUntilFinished(watcher, narrator, training.options.epochs),
    trainAndLog(client, runId, data, training, watcher),
  ]);
  const { epoch, trainLogLoss, valLogLoss, valAccuracy } = last;
  narrator.say(
    `${arrivedBeforeTheEnd} of ${epoch} epochs had arrived while it trained, ${arrived} when it was finished`,
    `after ${epoch} epochs: train log loss ${shortNumber(trainLogLoss)}, ` +
      `val_log_loss ${shortNumber(valLogLoss)}, accuracy ${percent(valAccuracy)} on ${data.holdoutRef}`,
    `ONNX: ${shortNumber(model.sizeBytes)} bytes; differs from the trainer by ` +
      `${model.largestDifference.toExponential(1)} at most on ${model.rowsCompared} rows`,
  );
  return { runId, last, model };
}

async function startRun(
  client: Client,
  data: RegisteredData,
  { name, options }: Training,
  source: Source | undefined,
): Promise<string> {
  const input = {
    experiment: EXPERIMENT,
    name,
    params: Object.entries(options).map(([key, value]) => ({ key, value: String(value) })),
    datasets: [data.tableRef, data.trainRef, data.holdoutRef],
    ...(source ? { source } : {}),
  };
  const result = await client.call(START_RUN, { input });
  return expectMember(result.startRun, 'StartRunSuccess').run.id;
}

async function trainAndLog(
  client: Client,
  runId: string,
  data: RegisteredData,
  { rows, options }: Training,
  watcher: Watcher,
): Promise<{ last: Epoch; model: SavedModel; arrivedBeforeTheEnd: number }> {
  let last: Epoch | undefined;
  for (const epoch of train(rows, options)) {
    await logEpoch(client, runId, epoch);
    last = epoch;
  }
  if (!last) throw new Error('A training needs at least one epoch.');
  const model = await saveModel(client, runId, data, last.classifier);
  const arrivedBeforeTheEnd = watcher.arrived;
  watcher.events.endWithin(LAST_EVENT_TIMEOUT_MS);
  const { finishRun } = await client.call(FINISH_RUN, { input: { runId, status: 'FINISHED' } });
  expectMember(finishRun, 'LogSuccess');
  return { last, model, arrivedBeforeTheEnd };
}

async function logEpoch(client: Client, runId: string, result: Epoch): Promise<void> {
  const { epoch: step, trainLogLoss, valLogLoss, valAccuracy } = result;
  const points = [
    { key: 'train_log_loss', step, value: trainLogLoss },
    { key: WATCHED_METRIC, step, value: valLogLoss },
    { key: 'accuracy', step, value: valAccuracy },
  ];
  const { logMetrics } = await client.call(LOG_METRICS, { input: { runId, points } });
  expectMember(logMetrics, 'LogSuccess');
}

/** A subscriber of its own: it knows of the training only what the server sends. */
interface Watcher {
  readonly events: Subscription<{ readonly runMetrics: RunMetricsEvent }>;
  /** Epochs that the server has sent so far. */
  arrived: number;
}

/** Subscribes, and waits for the snapshot: from then on nothing is missed. */
async function watch(client: Client, runId: string): Promise<Watcher> {
  const events = client.subscribe(RUN_METRICS, { runId, keys: [WATCHED_METRIC] });
  await events.next();
  return { events, arrived: 0 };
}

async function printUntilFinished(watcher: Watcher, narrator: Narrator, epochs: number): Promise<number> {
  const stride = Math.max(1, Math.floor(epochs / EPOCHS_PRINTED));
  let nextPrinted = stride;
  for await (const { runMetrics } of watcher.events) {
    if (runMetrics.__typename === 'RunFinished') return watcher.arrived;
    for (const { key, step, value } of runMetrics.series.flatMap(pointsOf)) {
      watcher.arrived += 1;
      if (step < nextPrinted) continue;
      narrator.say(`live ← epoch ${step} ${key} ${shortNumber(value)}`);
      nextPrinted = step + stride;
    }
  }
  throw new Error('The subscription `runMetrics` ended without saying that the run is finished.');
}

type Series = Extract<RunMetricsEvent, { readonly series: unknown }>['series'][number];

const pointsOf = ({ key, steps, values }: Series) =>
  steps.map((step, i) => ({ key, step: Number(step), value: values[i] }));
