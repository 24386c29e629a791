import type { Bus } from '../../../src/kernel/bus';
import type { Database } from '../../../src/kernel/database/database';
import { unavailable } from '../../../src/kernel/errors';
import type { ProjectId } from '../../../src/kernel/ids';
import type { Logger } from '../../../src/kernel/logger';
import { LatencyRecorder } from '../../../src/monitoring/latency-recorder';
import { LatencyWriter } from '../../../src/monitoring/latency-writer';
import { ShadowDifferences } from '../../../src/monitoring/shadow-differences';
import type { ModelVersion, ModelVersionId } from '../../../src/registry/registry';
import type { EndpointId, Observation, PredictResult, ShadowOutcome } from '../../../src/serving/serving';

const START_MS = 1_800_000_000_000;
const PREDICTION: Observation = {
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
  batchSize: 1,
  closed: null,
  busyMs: 1,
  ranOn: null,
  parseMs: null,
  question: {},
  rows: 1,
  result: { ok: true } as PredictResult,
  timing: { queueMs: 1, computeMs: 1, totalMs: 1 },
};

const COPY: ShadowOutcome = {
  projectId: 'project' as ProjectId,
  endpointId: 'endpoint' as EndpointId,
  variant: 'shadow',
  versionId: 'v2' as ModelVersionId,
  liveVariant: 'main',
  liveVersionId: 'v1' as ModelVersionId,
  difference: { compared: 1, disagreed: 0, values: 1, absDifference: 0.5 },
};

/** A database that can be away, and remembers what was written and committed. */
class FakeDatabase {
  isAway = false;
  written: number[] = [];
  /** Starts of the minutes in which shadows were compared. */
  differences: number[] = [];
  cleanings: unknown[][] = [];

  async transaction(work: (tx: object) => Promise<void>): Promise<void> {
    if (this.isAway) throw unavailable('The database');
    const starts: number[] = [];
    const query = (_sql: string, parameters: readonly unknown[]) => {
      starts.push(...(parameters[2] as number[]));
      return Promise.resolve([]);
    };
    await work({ query });
    this.written.push(...starts);
  }

  query(sql: string, parameters: unknown[]): Promise<object[]> {
    const isWriting = sql.includes('addDifferences');
    if (isWriting && this.isAway) return Promise.reject(unavailable('The database'));
    if (isWriting) this.differences.push(...(parameters[1] as number[]));
    else this.cleanings.push(parameters);
    return Promise.resolve([{ removed: 0 }]);
  }
}

let database: FakeDatabase;
let recorder: LatencyRecorder;
let differences: ShadowDifferences;
let writer: LatencyWriter;
let woken: string[];
let warnings: number;
beforeEach(() => {
  jest.useFakeTimers({ now: START_MS });
  database = new FakeDatabase();
  woken = [];
  warnings = 0;
  recorder = new LatencyRecorder(Date.now);
  differences = new ShadowDifferences(Date.now);
  writer = new LatencyWriter({
    recorder,
    differences,
    database: database as unknown as Database,
    bus: { wake: (_tx: object, topic: string) => Promise.resolve(void woken.push(topic)) } as unknown as Bus,
    logger: { warn: () => (warnings += 1), info: () => {} } as unknown as Logger,
    nowMs: Date.now,
  });
  writer.start();
});
afterEach(async () => {
  await writer.stop();
  jest.useRealTimers();
});
const second = (places: number) => START_MS / 1000 + places;

test('each second is written soon after it has ended, and its readers are woken', async () => {
  recorder.observe(PREDICTION);
  await jest.advanceTimersByTimeAsync(1_100);
  expect(database.written).toEqual([second(0)]);
  expect(woken).toEqual(['latency:endpoint']);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(database.written).toHaveLength(1); // nothing is written for an idle endpoint
});

test('while the database is away windows wait, and it is said once', async () => {
  database.isAway = true;
  for (let count = 0; count < 5; count += 1) {
    recorder.observe(PREDICTION);
    await jest.advanceTimersByTimeAsync(1_000);
  }
  await jest.advanceTimersByTimeAsync(100);
  expect(database.written).toEqual([]);
  expect(warnings).toBe(1);
  database.isAway = false;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(database.written).toEqual([0, 1, 2, 3, 4].map(second));
});

test('stopping writes the open second and the open minute, and may be done twice', async () => {
  recorder.observe(PREDICTION);
  await Promise.all([writer.stop(), writer.stop()]);
  expect(database.written).toEqual([second(0), second(0)]);
});

test('what shadows answered is written when the minute has ended, also after the database was away', async () => {
  differences.compare(COPY);
  await jest.advanceTimersByTimeAsync(59_000);
  expect(database.differences).toEqual([]);
  database.isAway = true;
  await jest.advanceTimersByTimeAsync(5_000);
  database.isAway = false;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(database.differences).toEqual([second(0)]);
  differences.compare(COPY);
  await writer.stop();
  expect(database.differences).toEqual([second(0), second(60)]);
});

test('old windows go once an hour: seconds after two hours, minutes after a week', async () => {
  await jest.advanceTimersByTimeAsync(3_599_000);
  expect(database.cleanings).toHaveLength(3);
  await jest.advanceTimersByTimeAsync(3_000);
  const [atStart, , , anHourLater] = database.cleanings as [number, number, number][];
  expect(atStart?.slice(0, 2)).toEqual([1, expect.closeTo(second(-7_200), -1)]);
  expect(database.cleanings[1]?.slice(0, 2)).toEqual([60, expect.closeTo(second(-604_800), -1)]);
  expect(database.cleanings[2]?.[0]).toBeCloseTo(second(-604_800), -1);
  expect(anHourLater?.[1]).toBeCloseTo(second(-3_600), -1);
});

test('they go also after the clock was set back by hours', async () => {
  await jest.advanceTimersByTimeAsync(2_000);
  jest.setSystemTime(START_MS - 3 * 3_600_000);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(database.cleanings).toHaveLength(6);
});
