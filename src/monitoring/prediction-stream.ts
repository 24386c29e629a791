import { Failure } from '../kernel/errors';
import { feedOf, type Feed } from '../kernel/feed';
import type { EndpointId, Observation } from '../serving/serving';
import { sampleOf, type PredictionSample } from './prediction-sample';
import type { PredictionWatch } from './prediction-watch';
import { SampleGate, type SampleLimits } from './sample-gate';

/**
 * Most samples a second: more than a person or a chart can follow, and what a hundred readers can be told on one core.
 */
export const MAX_SAMPLES_PER_SECOND = 2_000;
export const DEFAULT_SAMPLES_PER_SECOND = 50;
/** Samples that wait for readers; then the oldest go. Half a second of the busiest stream. */
const MAX_WAITING = 1_000;

/** The kinds are the names of their GraphQL types. */
export type PredictionStreamEvent =
  | ({ readonly kind: 'PredictionStreamOpened'; readonly cursor: string; readonly at: Date } & SampleLimits)
  | ({ readonly kind: 'PredictionSample'; readonly cursor: string } & PredictionSample);

export interface PredictionStreamInput {
  readonly endpointId: EndpointId;
  readonly limits: SampleLimits;
  readonly withInputs: boolean;
  readonly watch: PredictionWatch;
  readonly nowMs: () => number;
  /** Resolves when the endpoint is deleted, or with the signal. */
  readonly ends: (signal: AbortSignal) => Promise<void>;
}

/**
 * Predictions as they are answered, of which nothing is kept: whoever comes or is late goes on with the newest. A place
 * in it is the number of predictions so far.
 */
export function predictionStream(input: PredictionStreamInput): Feed<PredictionStreamEvent> {
  return feedOf({
    origin: '0',
    isKept: false,
    news: (signal) => samples(input, signal),
    // eslint-disable-next-line @typescript-eslint/require-await -- a feed may have to read what was missed
    since: async function* (after, upTo) {
      const at = new Date(input.nowMs());
      if (after === null) yield { kind: 'PredictionStreamOpened', cursor: upTo, at, ...input.limits };
      return upTo;
    },
  });
}

async function* samples(
  { endpointId, limits, withInputs, watch, nowMs, ends }: PredictionStreamInput,
  signal: AbortSignal,
): AsyncGenerator<PredictionStreamEvent> {
  const gate = new SampleGate(limits, nowMs());
  const waiting: PredictionSample[] = [];
  let ordinal = 0n;
  let wake = () => {};
  let isOver = false;
  const unwatch = watch.watch(endpointId, (observation: Observation) => {
    ordinal += 1n;
    const at = nowMs();
    if (!gate.admits(at)) return;
    if (waiting.length >= MAX_WAITING) waiting.shift();
    waiting.push(sampleOf(observation, { at: new Date(at), ordinal, withInputs }));
    wake();
  });
  const end = () => {
    isOver = true;
    wake();
  };
  signal.addEventListener('abort', end, { once: true });
  void ends(signal).then(end);
  try {
    while (!isOver) {
      const sample = waiting.shift();
      if (sample) yield { kind: 'PredictionSample', cursor: String(sample.ordinal), ...sample };
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unwatch();
    signal.removeEventListener('abort', end);
  }
}

/** Throws BAD_USER_INPUT. */
export function checkSampling({ sampleRate, maxPerSecond }: SampleLimits): void {
  if (!(sampleRate > 0 && sampleRate <= 1))
    throw new Failure('BAD_USER_INPUT', `sampleRate: expected more than 0 and at most 1, got ${sampleRate}.`);
  if (maxPerSecond < 1 || maxPerSecond > MAX_SAMPLES_PER_SECOND)
    throw new Failure(
      'BAD_USER_INPUT',
      `maxPerSecond: expected 1 to ${MAX_SAMPLES_PER_SECOND}, got ${maxPerSecond}.`,
    );
}
