import type { ProjectId } from '../../../src/kernel/ids';
import { LatencyRecorder, MAX_REFERENCES } from '../../../src/monitoring/latency-recorder';
import type { LatencyRow } from '../../../src/monitoring/latency-row';
import { LatencyStats } from '../../../src/monitoring/latency-stats';
import { addSpent, nothingSpent, workersOn } from '../../../src/monitoring/spent-time';
import { MAX_UNWRITTEN_ROWS } from '../../../src/monitoring/unwritten-rows';
import type { ModelVersion } from '../../../src/registry/registry';
import type {
  EndpointId,
  Observation,
  PredictResult,
  PredictSuccess,
  WorkerStatus,
} from '../../../src/serving/serving';

const START_S = 1_800_000_000; // the beginning of a minute
let nowMs: number;
let recorder: LatencyRecorder;
beforeEach(() => {
  nowMs = START_S * 1000;
  recorder = new LatencyRecorder(() => nowMs);
});

const observation = (more: Partial<Observation> = {}): Observation => ({
  projectId: 'project' as ProjectId,
  endpointId: 'endpoint' as EndpointId,
  endpointName: 'fraud',
  variant: 'main',
  weight: 1,
  shadow: false,
  version: { id: 'v1' } as ModelVersion,
  door: 'graphql',
  error: null,
  cached: false,
  batchSize: 4,
  closed: null,
  busyMs: 0.5,
  ranOn: { backend: 'onnx', provider: 'cpu' },
  parseMs: null,
  question: {},
  rows: 1,
  result: { ok: true } as PredictResult,
  timing: { queueMs: 1, computeMs: 2, totalMs: 3 },
  ...more,
});
const rows = (widthS?: number): readonly LatencyRow[] =>
  recorder.unwritten.oldest(Infinity).filter((row) => widthS === undefined || row.widthS === widthS);
const at = (seconds: number) => {
  nowMs = (START_S + seconds) * 1000;
  recorder.closeWindows();
};

test('a prediction belongs to the second in which it was answered', () => {
  recorder.observe(observation());
  nowMs += 1_999;
  recorder.observe(observation());
  at(5);
  expect(rows(1)).toMatchObject([
    { startS: START_S, requests: 1, batched: 1, batchSizes: 4, errors: 0 },
    { startS: START_S + 1, requests: 1 },
  ]);
});

test('nothing is kept of a second without traffic', () => {
  recorder.observe(observation());
  for (let second = 1; second < 200; second += 1) at(second);
  expect(rows()).toHaveLength(2); // one second, one minute
});

test('variants and versions are told apart, whatever else changes', () => {
  recorder.observe(observation());
  recorder.observe(observation({ version: { id: 'v2' } as ModelVersion }));
  recorder.observe(observation({ variant: 'other', shadow: true }));
  recorder.observe(observation({ weight: 9 }));
  recorder.observe(observation({ endpointId: 'endpoint 2' as EndpointId }));
  at(1);
  expect(rows()).toMatchObject([
    { askedId: 'endpoint', variant: 'main', versionId: 'v1', requests: 2, weight: 9 },
    { askedId: 'endpoint', variant: 'main', versionId: 'v2', requests: 1 },
    { askedId: 'endpoint', variant: 'other', versionId: 'v1', requests: 1, shadow: true },
    { askedId: 'endpoint 2', requests: 1 },
  ]);
});

test('doors are told apart, and the encoding belongs to the door of its prediction', () => {
  const answer = { endpointId: 'endpoint', variant: 'main', version: { id: 'v1' } } as PredictSuccess;
  recorder.observe(observation({ parseMs: 0.2 }));
  recorder.observe(observation({ door: 'tf-serving' }));
  recorder.encoded(answer, 'tf-serving', 5);
  recorder.encoded(answer, 'open-inference-grpc', 5); // nobody has come by it
  recorder.encoded({ ...answer, endpointId: null }, 'graphql', 5);
  at(1);
  const told = rows(1).map(({ door, ...stored }) => {
    const stats = new LatencyStats();
    stats.mergeStored(stored);
    return [door, stats.requests, stats.parse.count, stats.encode.count];
  });
  expect(told).toEqual([
    ['graphql', 1, 1, 0],
    ['tf-serving', 1, 0, 1],
  ]);
});

describe('versions asked by reference', () => {
  const versionOf = (id: string) => ({ id, ref: `fraud@${id}` }) as ModelVersion;
  const reference = (id: string, more: Partial<Observation> = {}) => {
    const version = versionOf(id);
    return observation({ endpointId: null, endpointName: '', version, variant: version.ref, ...more });
  };

  test('are told by themselves, and apart from the endpoints that run them', () => {
    recorder.observe(observation());
    recorder.observe(reference('v1'));
    recorder.observe(reference('v1', { error: 'deadline' }));
    const answer = { endpointId: null, variant: null, version: versionOf('v1') } as PredictSuccess;
    recorder.encoded(answer, 'graphql', 5);
    at(1);
    expect(rows()).toMatchObject([
      { askedId: 'endpoint', variant: 'main', versionId: 'v1', requests: 1 },
      { askedId: 'v1', variant: 'fraud@v1', versionId: 'v1', requests: 2, failures: { deadline: 1 } },
    ]);
    expect(recorder.sinceStart()).toMatchObject([
      { source: { endpointName: 'fraud', variant: 'main' } },
      { source: { endpointName: '', variant: 'fraud@v1' }, stats: { requests: 2, encode: { count: 1 } } },
    ]);
  });

  test('are bounded: those beyond the limit are not measured, and take nothing from endpoints', () => {
    for (let id = 0; id < MAX_REFERENCES + 5; id += 1) recorder.observe(reference(`v${id}`));
    recorder.observe(reference('v0'));
    recorder.observe(observation());
    at(1);
    expect(rows()).toHaveLength(MAX_REFERENCES + 1);
    expect(rows().map(({ requests }) => requests)).toEqual([2, ...new Array<number>(MAX_REFERENCES).fill(1)]);
  });

  test('give their places to others after a minute without traffic', () => {
    for (let id = 0; id < MAX_REFERENCES; id += 1) recorder.observe(reference(`v${id}`));
    at(61);
    at(121);
    recorder.observe(reference('late'));
    at(122);
    expect(rows(1).at(-1)).toMatchObject({ askedId: 'late', requests: 1 });
  });
});

test('batches are counted by why they were closed, over seconds and once they were stored', () => {
  recorder.observe(observation({ closed: 'idle' }));
  recorder.observe(observation({ closed: 'full' }));
  recorder.observe(observation({ closed: null })); // it shared the batch of another one
  at(1);
  recorder.observe(observation({ closed: 'idle' }));
  at(60);
  const minute = new LatencyStats();
  for (const row of rows(60)) minute.mergeStored(row);
  minute.mergeStored({ ...new LatencyStats().toStored(), closed: null }); // of an earlier server
  expect(minute.closed).toEqual({ idle: 2, full: 1, delay: 0, objective: 0, deadline: 0, alone: 0 });
});

test('refusals are counted by why, over seconds and once they were stored', () => {
  recorder.observe(observation({ error: 'deadline' }));
  recorder.observe(observation({ error: 'overloaded' }));
  at(1);
  recorder.observe(observation({ error: 'deadline' }));
  at(60);
  const minute = new LatencyStats();
  for (const row of rows(60)) minute.mergeStored(row);
  expect(minute.failures).toEqual({ deadline: 2, overloaded: 1 });
});

test('a row says what the newest answer was computed by', () => {
  recorder.observe(observation({ ranOn: { backend: 'onnx', provider: 'cuda' } }));
  recorder.observe(observation({ cached: true, ranOn: null }));
  at(1);
  expect(rows(1)).toMatchObject([{ ranOn: { backend: 'onnx', provider: 'cuda' } }]);
});

test('a refusal is an error and no duration; a cached answer has no queue and no batch', () => {
  recorder.observe(observation({ error: 'deadline' }));
  recorder.observe(observation({ cached: true, batchSize: 0 }));
  at(1);
  const stats = new LatencyStats();
  for (const row of rows()) stats.mergeStored(row);
  expect(stats).toMatchObject({ requests: 2, errors: 1, batched: 0, batchSizes: 0 });
  expect([stats.total.count, stats.queue.count, stats.compute.count]).toEqual([1, 0, 0]);
});

test('a minute is the sum of its seconds', () => {
  for (const second of [0, 1, 30, 59, 60]) {
    at(second);
    recorder.observe(observation());
  }
  at(61);
  expect(rows(60)).toMatchObject([{ startS: START_S, requests: 4, batchSizes: 16 }]);
  const seconds = new LatencyStats();
  for (const row of rows(1).slice(0, 4)) seconds.mergeStored(row);
  expect(seconds.toStored()).toMatchObject({ total: rows(60)[0]?.total });
});

test('at the end everything is told, the open second and minute too, once', () => {
  recorder.observe(observation());
  recorder.closeAll();
  recorder.closeAll();
  expect(rows()).toMatchObject([{ widthS: 1 }, { widthS: 60 }]);
});

test('after the clock went back no two rows are the same one', () => {
  for (const second of [0, 1, 0, 1]) {
    at(second);
    recorder.observe(observation());
  }
  recorder.closeAll();
  const keys = rows().map(({ writerId, widthS, startS }) => `${writerId} ${widthS} ${startS}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(rows(1).reduce((sum, { requests }) => sum + requests, 0)).toBe(4);
});

test('of thousands of endpoints that are asked at the end of a minute none loses a row', () => {
  const endpoints = Array.from({ length: 2_000 }, (_, n) => `e${n}` as EndpointId);
  at(59);
  for (const endpointId of endpoints) recorder.observe(observation({ endpointId }));
  at(60);
  recorder.closeWindows();
  expect([rows(1).length, rows(60).length]).toEqual([endpoints.length, endpoints.length]);
  expect(recorder.unwritten.takeDropped()).toBe(0);
});

test('while nobody writes, the oldest rows go', () => {
  const dropped = 10;
  at(0);
  recorder.observe(observation());
  at(1);
  recorder.closeWindows();
  const first = recorder.unwritten.oldest(1)[0];
  while (recorder.unwritten.size < MAX_UNWRITTEN_ROWS) recorder.unwritten.push(first as LatencyRow);
  for (let more = 0; more < dropped; more += 1) recorder.unwritten.push(first as LatencyRow);
  expect(recorder.unwritten.size).toBe(MAX_UNWRITTEN_ROWS);
  expect(recorder.unwritten.takeDropped()).toBe(dropped);
  expect(recorder.unwritten.takeDropped()).toBe(0);
});

describe('the time that runs took', () => {
  const ranOn = (backend: string, provider: string | null) => ({ ranOn: { backend, provider } });
  const spentOn = (seconds: number) => {
    at(seconds);
    const sum = nothingSpent();
    for (const { spent } of rows(1)) addSpent(sum, spent);
    return sum;
  };

  test('is charged with the idle time of workers of that kind, and that of other servers with none', () => {
    recorder = new LatencyRecorder(
      () => nowMs,
      (device) => ({ processor: 3, accelerator: 1 })[device],
    );
    recorder.observe(observation({ busyMs: 10, ...ranOn('onnx', 'cpu') }));
    recorder.observe(observation({ busyMs: 20, ...ranOn('onnx', 'cuda') }));
    recorder.observe(observation({ busyMs: 40, ...ranOn('tf-serving', null) }));
    at(7);
    recorder.observe(observation({ busyMs: 30, ...ranOn('onnx', 'cuda') }));
    expect(spentOn(9)).toEqual({
      processor: { busyMs: 10, paidMs: 3_000 },
      accelerator: { busyMs: 50, paidMs: 8_000 },
      remote: { busyMs: 40, paidMs: 40 },
    });
  });

  test('is the same in minutes, which know each kind of time though they name what has computed last', () => {
    recorder.observe(observation({ busyMs: 20, ...ranOn('onnx', 'cuda') }));
    recorder.observe(observation({ busyMs: 10, ...ranOn('onnx', 'cpu') }));
    at(61);
    expect(rows(60)).toMatchObject([
      { ranOn: { provider: 'cpu' }, spent: { processor: { busyMs: 10 }, accelerator: { busyMs: 20 } } },
    ]);
  });
});

test('workers on accelerators are told from those on processors, and those that have no process are of neither', () => {
  const worker = (provider: string | null) => ({ provider }) as WorkerStatus;
  const workers = ['cpu', 'cuda', null, 'webgpu', 'tensorrt'].map(worker);
  expect([workersOn('processor', workers), workersOn('accelerator', workers)]).toEqual([1, 3]);
});

test('of workers that run for several processes each of these charges its share', () => {
  const worker = (sharers?: number) => ({ provider: 'cpu', sharers }) as WorkerStatus;
  expect(workersOn('processor', [worker(4), worker(4), worker()])).toBe(1.5);
});
