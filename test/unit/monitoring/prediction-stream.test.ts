import { PredictionObservers } from '../../../src/monitoring/prediction-observers';
import { predictionStream, type PredictionStreamEvent } from '../../../src/monitoring/prediction-stream';
import { LatencyRecorder } from '../../../src/monitoring/latency-recorder';
import { MAX_WATCHERS, PredictionWatch } from '../../../src/monitoring/prediction-watch';
import type { EndpointId, Observation } from '../../../src/serving/serving';

const ENDPOINT = 'endpoint' as EndpointId;
const NOW_MS = 1_800_000_000_000;
const LIMITS = { sampleRate: 1, maxPerSecond: 2_000 };

let watch: PredictionWatch;
let observers: PredictionObservers;
let nowMs: number;
beforeEach(() => {
  nowMs = NOW_MS;
  watch = new PredictionWatch();
  observers = new PredictionObservers(new LatencyRecorder(() => nowMs), watch);
});

const observation = (endpointId: EndpointId, predictionId: string): Observation =>
  ({
    endpointId,
    variant: 'main',
    version: { id: 'v1' },
    door: 'graphql',
    error: null,
    ranOn: null,
    question: { rows: [{ age: 41 }] },
    rows: 1,
    result: { ok: true, predictionId, coalesced: false },
    timing: { queueMs: 1, computeMs: 2, totalMs: 3 },
  }) as unknown as Observation;
const predicted = (predictionId: string, endpointId = ENDPOINT) =>
  observers.observe(observation(endpointId, predictionId));

const NEVER = () => new Promise<void>(() => undefined);
const open = (withInputs = false, ends = NEVER) =>
  predictionStream({ endpointId: ENDPOINT, limits: LIMITS, withInputs, watch, nowMs: () => nowMs, ends });
const sample = (event: IteratorResult<PredictionStreamEvent, undefined>) =>
  event.value?.kind === 'PredictionSample' ? event.value : null;

test('predictions of the endpoint are told in order, with their place; those of others are not', async () => {
  const stream = open();
  const first = stream.next();
  predicted('a');
  predicted('other', 'elsewhere' as EndpointId);
  predicted('b');
  expect(sample(await first)).toMatchObject({ predictionId: 'a', ordinal: 1n, at: new Date(NOW_MS) });
  expect(sample(await stream.next())).toMatchObject({ predictionId: 'b', ordinal: 2n, totalMs: 3 });
  await stream.return();
});

test('what was asked is told only where it is wanted', async () => {
  const [closed, opened] = [open(false), open(true)];
  const told = [closed.next(), opened.next()];
  predicted('a');
  const [without, withThem] = (await Promise.all(told)).map(sample);
  expect([without?.inputs, withThem?.inputs]).toEqual([null, '[{"age":41}]']);
  await Promise.all([closed.return(), opened.return()]);
});

test('a reader that is late finds the newest thousand, and sees how many it has missed', async () => {
  const stream = open();
  const first = stream.next();
  for (let count = 1; count <= 3_000; count += 1) {
    nowMs += 1;
    predicted(`p${count}`);
  }
  expect(sample(await first)?.ordinal).toBe(2_001n);
  let last = await stream.next();
  for (let count = 2; count < 1_000; count += 1) last = await stream.next();
  expect(sample(last)).toMatchObject({ predictionId: 'p3000', ordinal: 3_000n });
  await stream.return();
});

test('nobody is told of a prediction while nobody watches, and a stream that is left watches no more', async () => {
  const told = jest.spyOn(watch, 'observe');
  predicted('a');
  const stream = open();
  const waiting = stream.next();
  predicted('b');
  await waiting;
  await stream.return();
  predicted('c');
  expect(told).toHaveBeenCalledTimes(1);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('with its endpoint a stream ends for everybody, and watches no more', async () => {
  let end = () => {};
  const stream = open(false, () => new Promise((resolve) => (end = resolve)));
  const waiting = stream.next();
  end();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(watch.isWatched).toBe(false);
});

test('an endpoint is watched in so many ways, and no more until one of them ends', () => {
  const stops = Array.from({ length: MAX_WATCHERS }, () => watch.watch(ENDPOINT, () => undefined));
  expect(() => watch.checkRoom(ENDPOINT)).toThrow('different ways');
  expect(() => watch.watch(ENDPOINT, () => undefined)).toThrow('different ways');
  watch.checkRoom('elsewhere' as EndpointId);
  stops[0]?.();
  watch.checkRoom(ENDPOINT);
  for (const stop of stops) stop();
  expect(watch.isWatched).toBe(false);
});

test('whoever begins is told so; whoever was too slow has nothing to make good', async () => {
  const stream = open();
  expect(await stream.since(null, '7').next()).toMatchObject({
    value: { kind: 'PredictionStreamOpened', cursor: '7', ...LIMITS },
  });
  expect(await stream.since('3', '7').next()).toEqual({ done: true, value: '7' });
  await stream.return();
});
