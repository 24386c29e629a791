import fc from 'fast-check';
import type { Actor } from '../../src/kernel/actor';
import { InProcessBus } from '../../src/kernel/bus';
import { encodeNodeId } from '../../src/kernel/ids';
import { createLogger } from '../../src/kernel/logger';
import { ChartQueries } from '../../src/tracking/metrics/chart.queries';
import { MetricChart } from '../../src/tracking/metrics/metric-chart';
import type { KeyedColumns, PointColumns } from '../../src/tracking/metrics/metric-columns';
import { MetricCompactor } from '../../src/tracking/metrics/metric-compactor';
import { MetricFolder } from '../../src/tracking/metrics/metric-folder';
import { readHistory } from '../../src/tracking/metrics/metric-history';
import { LoggedModelStore } from '../../src/tracking/logged-models/logged-model.store';
import { MetricLog } from '../../src/tracking/metrics/metric-log';
import { WHOLE_RUN } from '../../src/tracking/metrics/metric-subject';
import { MetricTailQueries } from '../../src/tracking/metrics/metric-tail.queries';
import { MetricTailStore } from '../../src/tracking/metrics/metric-tail.store';
import { MetricQueries } from '../../src/tracking/metrics/metric.queries';
import type { MetricSummary, RunId } from '../../src/tracking/run';
import { MAX_SERIES_PER_RUN } from '../../src/tracking/tracking-input';
import { followRun } from '../../src/tracking/live/run-metrics';
import { RunSearchQueries } from '../../src/tracking/search/run-search.queries';
import { ALL_STEPS } from '../../src/tracking/metrics/step-range';
import { TrackingQueries } from '../../src/tracking/tracking.queries';
import { openMetricDatabase, type MetricDatabase } from '../support/metric-database';

/** A server, as far as metrics go: several work over one database. */
class Server {
  readonly bus = new InProcessBus();
  readonly compactor = new MetricCompactor(kept.database, createLogger('silent'));
  readonly folder = new MetricFolder({ ...this, database: kept.database, logger: createLogger('silent') });
  readonly metrics = new MetricQueries(kept.database, this.folder);
  readonly reads = {
    metrics: this.metrics,
    chart: new MetricChart(new ChartQueries(kept.database)),
    runs: new TrackingQueries(kept.database),
    tails: new MetricTailQueries(kept.database),
    bus: this.bus,
  };
  private readonly log = new MetricLog({
    ...{ database: kept.database, bus: this.bus, compactor: this.compactor, folder: this.folder },
    ...{
      clock: { now: () => new Date() },
      datasets: { versionsByRefs: () => Promise.resolve([]), versionsByDigests: () => Promise.resolve([]) },
      models: new LoggedModelStore(),
    },
  });

  add(runId: RunId, series: readonly KeyedColumns[], idempotencyKey: string | null = null) {
    const actor = { projectId: kept.projectId } as Actor;
    return this.log.add(actor, { runId: encodeNodeId('run', runId), series, idempotencyKey }, 'RUNNING');
  }

  async summaries(runId: RunId): Promise<readonly MetricSummary[]> {
    return (await this.metrics.summaries(kept.projectId, [runId], null))[0] ?? [];
  }

  async history(runId: RunId): Promise<ReadonlyMap<string, readonly Point[]>> {
    const wanted = { keys: null, subject: WHOLE_RUN };
    const extents = await this.metrics.extents(kept.projectId, [runId], wanted);
    const series = await readHistory(this.reads, extents, { range: ALL_STEPS, maxPoints: 10_000 });
    return new Map(series.map((one) => [one.key, pointsOf(one)]));
  }

  feed = (runId: RunId) => followRun(this.reads, { projectId: kept.projectId, runId, keys: null });
}

let kept: MetricDatabase;
let servers: readonly [Server, Server];
beforeAll(async () => {
  kept = await openMetricDatabase();
  servers = [new Server(), new Server()];
});
afterAll(() => kept.stop());

interface Point {
  readonly step: number;
  readonly value: number;
  readonly at: number;
}
const pointsOf = ({ steps, values, timestamps }: PointColumns): Point[] =>
  Array.from(values, (value, row) => ({ step: Number(steps[row]), value, at: Number(timestamps[row]) }));
const columns = (key: string, points: readonly Point[]): KeyedColumns => ({
  key,
  steps: BigInt64Array.from(points, ({ step }) => BigInt(step)),
  values: Float64Array.from(points, ({ value }) => value),
  timestamps: BigInt64Array.from(points, ({ at }) => BigInt(at)),
});
const tailedCalls = async (runId: RunId) =>
  (await kept.database.query<object>('SELECT 1 FROM metric_tail WHERE run_id = $1', [runId])).length;
const WIDE = Array.from({ length: 20 }, (_, index) => `k${index}`);
const wide = (step: number, value = step, keys: readonly string[] = WIDE) =>
  keys.map((key) => columns(key, [{ step, value, at: step }]));

/** What the points say, by the plainest means. */
function summaryOf(points: readonly Point[]) {
  const last = points.reduce((best, one) =>
    one.step > best.step || (one.step === best.step && one.at > best.at) ? one : best,
  );
  const numbers = points.filter(({ value }) => !Number.isNaN(value));
  const extreme = (pick: (...values: number[]) => number) =>
    numbers.length === 0 ? null : pick(...numbers.map(({ value }) => value)) + 0;
  const stepOf = (value: number | null) =>
    value === null
      ? null
      : BigInt(Math.min(...numbers.filter((one) => one.value === value).map(({ step }) => step)));
  const [min, max] = [extreme(Math.min), extreme(Math.max)];
  return {
    ...{
      last: last.value,
      lastStep: BigInt(last.step),
      lastTimestamp: new Date(last.at),
      count: points.length,
    },
    ...{ min, max, minStep: stepOf(min), maxStep: stepOf(max) },
    mean: numbers.length === 0 ? null : numbers.reduce((sum, { value }) => sum + value, 0) / numbers.length,
  };
}
/** Of -0 and 0, which came first among calls at one time is not known. */
const withoutSign = (value: number | null) => (value === null ? null : value + 0);
const inOrder = (points: readonly Point[]) => [...points].sort((a, b) => a.step - b.step || a.at - b.at);

type Command =
  | {
      readonly kind: 'log';
      readonly server: 0 | 1;
      readonly keys: readonly string[];
      readonly points: number;
      readonly isKeyed: boolean;
    }
  | { readonly kind: 'fold' | 'join' | 'pass' | 'read' | 'mark'; readonly server: 0 | 1 };
const server = fc.constantFrom<0 | 1>(0, 1);
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('log' as const),
      server,
      keys: fc.oneof(
        { weight: 4, arbitrary: fc.constant(WIDE) },
        { weight: 1, arbitrary: fc.subarray(WIDE, { minLength: 16 }) },
        { weight: 2, arbitrary: fc.subarray(WIDE, { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constantFrom(['new a'], ['new b', 'k3'], ['new c']) },
      ),
      points: fc.constantFrom(1, 1, 2, 40),
      isKeyed: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('fold', 'join', 'pass', 'read', 'mark', 'mark'), server }),
  },
);

/** A tail that grows: whatever else is tried, this is. */
const GROWING = Array.from({ length: 12 }, (): Command[] => [
  { kind: 'log', server: 0, keys: WIDE, points: 1, isKeyed: false },
]);

test('whatever calls, folds, joins and readers come between each other, every point is there once', async () => {
  let sawTail = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyCommand, { minLength: 1, maxLength: 5 }), { maxLength: 10 }),
      async (rounds) => {
        const runId = await kept.newRun();
        const logged = new Map<string, Point[]>();
        /** Cursors, with what had been logged by then. */
        const marks: { readonly cursor: string; readonly seen: ReadonlyMap<string, number> }[] = [];
        let number = 0;
        const steps = [-3, -0, 1, 2, 2, 7, 2 ** 40];
        const values = [NaN, Infinity, -Infinity, -0, 0, 0.1, -5, 1e300];
        const act = async (command: Command): Promise<void> => {
          const one = servers[command.server];
          switch (command.kind) {
            case 'log': {
              const series = command.keys.map((key) => {
                const points = Array.from({ length: command.points }, () => {
                  number += 1;
                  return {
                    step: steps[(number * 7) % steps.length] as number,
                    value: values[number % 8] as number,
                    at: number,
                  };
                });
                logged.set(key, [...(logged.get(key) ?? []), ...points]);
                return columns(key, points);
              });
              expect(
                await one.add(runId, series, command.isKeyed ? `${runId} ${number}` : null),
              ).toMatchObject({ ok: true });
              return;
            }
            case 'fold':
              return one.folder.fold({ projectId: kept.projectId, runId });
            case 'join':
              return one.compactor.pass();
            case 'pass':
              return one.folder.pass();
            case 'read':
              await Promise.all([one.summaries(runId), one.history(runId)]);
              return;
            case 'mark':
              return;
          }
        };
        for (const round of rounds) {
          await Promise.all(round.map(act));
          sawTail += await tailedCalls(runId);
          const marking = round.find(({ kind }) => kind === 'mark');
          if (!marking) continue;
          const { origin } = await servers[marking.server].feed(runId);
          marks.push({
            cursor: origin,
            seen: new Map([...logged].map(([key, { length }]) => [key, length])),
          });
        }
        // What is new after each cursor, read before anything else would fold it.
        for (const { cursor, seen } of marks) {
          const feed = await servers[1].feed(runId);
          const told = new Map<string, Point[]>();
          for await (const event of { [Symbol.asyncIterator]: () => feed.since(cursor, feed.origin) }) {
            if (event.kind !== 'RunMetricsAppended') throw new Error(`${event.kind} was not to be told.`);
            for (const one of event.series)
              told.set(one.key, [...(told.get(one.key) ?? []), ...pointsOf(one)]);
          }
          const missed = [...logged].map(
            ([key, points]) => [key, inOrder(points.slice(seen.get(key) ?? 0))] as const,
          );
          expect(new Map([...told].map(([key, points]) => [key, inOrder(points)]))).toEqual(
            new Map(missed.filter(([, points]) => points.length > 0)),
          );
        }
        // A reader on either server sees all that either was told to keep.
        const [summaries, history] = [await servers[0].summaries(runId), await servers[1].history(runId)];
        expect(history).toEqual(new Map([...logged].map(([key, points]) => [key, inOrder(points)])));
        expect(summaries.map(({ key }) => key)).toEqual([...logged.keys()].sort());
        for (const { key, mean, ...summary } of summaries) {
          const { mean: expectedMean, ...expected } = summaryOf(logged.get(key) ?? []);
          const [min, max] = [withoutSign(summary.min), withoutSign(summary.max)];
          expect({ ...summary, min, max }).toEqual({ ...expected, datasetVersionId: null });
          if (expectedMean === null || !Number.isFinite(expectedMean)) expect(mean).toEqual(expectedMean);
          else
            expect(Math.abs((mean ?? NaN) - expectedMean)).toBeLessThanOrEqual(1e-9 * Math.abs(expectedMean));
        }
      },
    ),
    { numRuns: 25, endOnFailure: true, examples: [[GROWING]] },
  );
  expect(sawTail).toBeGreaterThan(50); // it was about tails
});

test('a full tail is folded before the next call comes to it', async () => {
  const runId = await kept.newRun();
  const [one] = servers;
  await one.add(runId, wide(0));
  let most = 0;
  for (let step = 1; step <= 150; step += 1) {
    await one.add(runId, wide(step));
    most = Math.max(most, await tailedCalls(runId));
  }
  expect(most).toBe(64);
  expect((await one.summaries(runId)).map(({ count }) => count)).toEqual(WIDE.map(() => 151));
  expect(await tailedCalls(runId)).toBe(0);
});

test('a search knows what was acknowledged on another server, whether it filters or sorts by it', async () => {
  const [runId, other] = [await kept.newRun(), await kept.newRun()];
  const [writer, reader] = servers;
  const keys = WIDE.map((key) => `searched ${key}`);
  for (const step of [0, 1]) {
    await writer.add(runId, wide(step, 7_001, keys));
    await writer.add(other, wide(step, 1, keys));
  }
  const queries = new RunSearchQueries(kept.database, reader.folder);
  const found = async (filter: string | null, orderBy: readonly string[]) => {
    const search = { filter, orderBy, view: 'ACTIVE' } as const;
    const page = await queries.page(kept.projectId, null, search, { first: 1, after: null });
    return page.nodes.map(({ id }) => id);
  };
  await writer.add(runId, wide(2, 9_001, keys));
  expect(await tailedCalls(runId)).toBe(2);
  expect(await found('metrics.`searched k7` > 9000', [])).toEqual([runId]);
  await writer.add(runId, wide(3, -9_001, keys));
  expect(await found(null, ['metrics.`searched k7` ASC'])).toEqual([runId]);
  await writer.add(runId, wide(4, 5, keys));
  expect(
    await found("NOT (params.x = '1' OR metrics.`searched k7` < 5) AND metrics.`searched k7` < 6", []),
  ).toEqual([runId]);
});

test('what waits in many runs is folded together, whoever writes meanwhile', async () => {
  const runIds = await Promise.all(Array.from({ length: 40 }, () => kept.newRun()));
  const [writer, reader] = servers;
  for (const step of [0, 1, 2]) for (const runId of runIds) await writer.add(runId, wide(step));
  expect((await Promise.all(runIds.map(tailedCalls))).every((calls) => calls === 2)).toBe(true);
  const put = jest.spyOn(MetricTailStore.prototype, 'put');
  const summaries = await reader.metrics.summaries(kept.projectId, runIds, ['k3']);
  expect(put.mock.calls.length).toBeLessThan(6);
  put.mockRestore();
  expect(summaries.map(([one]) => [one?.count, one?.last])).toEqual(runIds.map(() => [3, 2]));
  const readers = [reader, writer, reader].map(async (one) => {
    for (let time = 0; time < 4; time += 1) await one.folder.foldProject(kept.projectId, null);
  });
  const writers = runIds.map(async (runId, index) => {
    for (const step of [3, 4, 5, 6]) await (servers[index % 2] as Server).add(runId, wide(step));
  });
  await Promise.all([...readers, ...writers]);
  const later = await reader.metrics.summaries(kept.projectId, runIds, ['k3']);
  expect(later.map(([one]) => [one?.count, one?.last])).toEqual(runIds.map(() => [7, 6]));
});

test('a call that brings too many series is refused, and what waits in the tail stays whole', async () => {
  const runId = await kept.newRun();
  const [one] = servers;
  await one.add(runId, wide(0));
  // All but one of those that a run may have.
  await kept.database.query(
    `INSERT INTO metric_series (run_id, key, subject, project_id, point_count, last_value, last_step, last_timestamp_ms)
     SELECT $1, 'filler ' || n, '', $2, 1, 0, 0, 0 FROM generate_series(1, $3::int) n`,
    [runId, kept.projectId, MAX_SERIES_PER_RUN - WIDE.length - 1],
  );
  await one.add(runId, wide(1));
  const extra = (key: string) => columns(key, [{ step: 2, value: 2, at: 2 }]);
  expect(await one.add(runId, [...wide(2), extra('one'), extra('two')])).toMatchObject({
    ok: false,
    error: { issues: [{ expected: 'at most 10000 different keys in one run' }] },
  });
  expect(await tailedCalls(runId)).toBe(1);
  expect(await one.add(runId, [...wide(3), extra('one')])).toMatchObject({ ok: true });
  const history = await one.history(runId);
  expect(history.get('k5')?.map(({ step }) => step)).toEqual([0, 1, 3]);
  expect([history.get('one')?.length, history.has('two')]).toEqual([1, false]);
});

test('a fold that fails loses nothing, and no call is added to a full tail meanwhile', async () => {
  const runId = await kept.newRun();
  const [one] = servers;
  for (let step = 0; step <= 64; step += 1) await one.add(runId, wide(step));
  const put = jest.spyOn(MetricTailStore.prototype, 'put').mockRejectedValue(new Error('The disk is full.'));
  await expect(one.add(runId, wide(65))).rejects.toThrow('The disk is full.');
  await expect(one.summaries(runId)).rejects.toThrow('The disk is full.');
  put.mockRestore();
  expect(await tailedCalls(runId)).toBe(64);
  await one.add(runId, wide(65));
  expect((await one.summaries(runId)).map(({ count }) => count)).toEqual(WIDE.map(() => 66));
});

test('the tail is read from the call on with which it begins, and in parts; what was folded is not in it', async () => {
  const runId = await kept.newRun();
  const [one] = servers;
  const name = { projectId: kept.projectId, runId };
  const tails = new MetricTailQueries(kept.database);
  const seqsIn = async (after: bigint, upTo: bigint, maxPoints = 1_000) => {
    const part = await tails.between(runId, { after, upTo }, maxPoints);
    return part && { upTo: part.upTo, seqs: part.calls.map(({ seq }) => seq) };
  };
  for (const step of [1, 2, 3]) await one.add(runId, wide(step)); // the first one goes to chunks
  expect(await seqsIn(1n, 3n)).toEqual({ upTo: 3n, seqs: [2n, 3n] });
  expect(await seqsIn(0n, 3n)).toBeNull();
  await one.folder.fold(name);
  expect(await seqsIn(1n, 3n)).toBeNull();
  for (const step of [4, 5, 6]) await one.add(runId, wide(step));
  expect(await seqsIn(2n, 6n)).toBeNull();
  expect(await seqsIn(3n, 5n)).toEqual({ upTo: 5n, seqs: [4n, 5n] });
  expect(await seqsIn(3n, 6n, WIDE.length + 1)).toEqual({ upTo: 5n, seqs: [4n, 5n] });
  expect(await seqsIn(6n, 7n)).toEqual({ upTo: 7n, seqs: [] });
});

test('who reads while others write gets the series up to a call, and the same again later', async () => {
  const runId = await kept.newRun();
  const [one] = servers;
  for (const step of [1, 2, 3]) await one.add(runId, wide(step));
  // What comes between the fold and the second look looks like a fold that did nothing.
  const hurried = new MetricQueries(kept.database, { foldRuns: () => Promise.resolve() });
  const extents = await hurried.extents(kept.projectId, [runId], { keys: ['k1'], subject: WHOLE_RUN });
  const steps = async () => {
    const [series] = await readHistory(one.reads, extents, { range: ALL_STEPS, maxPoints: 100 });
    return Array.from(series?.steps ?? [], Number);
  };
  expect(extents.map(({ upTo, pointCount }) => [upTo, pointCount])).toEqual([[1n, 1]]);
  expect(await steps()).toEqual([1]);
  await one.folder.fold({ projectId: kept.projectId, runId });
  expect(await steps()).toEqual([1]);
});

test('what a server has left behind is folded by the next one', async () => {
  const runId = await kept.newRun();
  for (const step of [0, 1, 2]) await servers[0].add(runId, wide(step));
  expect(await tailedCalls(runId)).toBe(2);
  const later = new Server();
  const clock = jest.spyOn(performance, 'now');
  await later.folder.pass();
  clock.mockReturnValue(performance.now() + 61_000); // over PostgreSQL it may be another server's, at first
  await later.folder.pass();
  clock.mockRestore();
  expect(await tailedCalls(runId)).toBe(0);
  expect((await later.history(runId)).get('k0')).toHaveLength(3);
});
