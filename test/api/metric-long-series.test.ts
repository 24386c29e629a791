import fc from 'fast-check';
import { InProcessBus } from '../../src/kernel/bus';
import { CompactionStore } from '../../src/tracking/metrics/compaction.store';
import { joinChunks } from '../../src/tracking/metrics/join-chunks';
import type { PointColumns } from '../../src/tracking/metrics/metric-columns';
import { MetricPoints, type PointsLimits, type PointsPlace } from '../../src/tracking/metrics/metric-points';
import { WHOLE_RUN } from '../../src/tracking/metrics/metric-subject';
import { MetricQueries } from '../../src/tracking/metrics/metric.queries';
import { MetricStore } from '../../src/tracking/metrics/metric.store';
import type { RunId } from '../../src/tracking/run';
import { PACKED } from '../../src/tracking/metrics/stored-chunk';
import { comparePlaces, placeOf, type TimePlace } from '../../src/tracking/metrics/time-order';
import { openMetricDatabase, type MetricDatabase } from '../support/metric-database';

const store = new MetricStore(new InProcessBus());
const joins = new CompactionStore();
let kept: MetricDatabase;
let metrics: MetricQueries;
beforeAll(async () => {
  kept = await openMetricDatabase();
  metrics = new MetricQueries(kept.database, kept.folder);
});
afterAll(() => kept.stop());

/** All that is long for a server of this memory is longer than a few points. */
const SMALL: PointsLimits = {
  maxSorted: 12,
  window: 7,
  maxStretches: 3,
  read: { maxPoints: 5, maxChunks: 3 },
};
const server = (limits = SMALL) => new MetricPoints(metrics, () => 0, limits);

const columns = (points: readonly TimePlace[]): PointColumns => ({
  steps: BigInt64Array.from(points, ({ step }) => step),
  values: Float64Array.from(points, ({ value }) => value),
  timestamps: BigInt64Array.from(points, ({ timestamp }) => timestamp),
});
const seriesOf = (points: readonly TimePlace[]) => [
  { key: 'm', subject: WHOLE_RUN, datasetVersionId: null, ...columns(points) },
];
const nameOf = (runId: RunId) => ({ runId, key: 'm', subject: WHOLE_RUN });

/** A call whose points stand in a chunk at once, or wait in the run's tail. */
async function log(
  runId: RunId,
  points: readonly TimePlace[],
  way: 'chunk' | 'tail' = 'chunk',
): Promise<void> {
  const call = { projectId: kept.projectId, runId, takers: 'RUNNING', series: seriesOf(points) } as const;
  if (way === 'tail') await kept.folder.store.append(kept.database, [call]);
  else await store.add(kept.database, [call]).then((added) => expect(added.has(runId)).toBe(true));
}

/** Joins these neighbours, by their places among the chunks. */
async function join(runId: RunId, from: number, count: number): Promise<void> {
  await kept.database.transaction(async (tx) => {
    await joins.hold(tx, nameOf(runId));
    const chunks = (await joins.loose(tx, nameOf(runId), 0n, 1_000)).slice(from, from + count);
    const [first, last] = [chunks[0], chunks.at(-1)];
    if (!first || !last || chunks.length < 2) return;
    const taken = await joins.take(tx, nameOf(runId), first.seq, last.seq);
    await joins.put(tx, nameOf(runId), joinChunks(taken, PACKED), taken.length);
  });
}

async function readPage(points: MetricPoints, runId: RunId, place: PointsPlace | null, first: number) {
  const wanted = { keys: ['m'], subject: WHOLE_RUN };
  const [extent] = await metrics.extents(kept.projectId, [runId], wanted);
  if (!extent) throw new Error('There is no such series.');
  const page = await points.page(
    { ...extent, upTo: place?.upTo ?? extent.upTo },
    place?.after ?? null,
    first,
  );
  return { ...page, places: Array.from(page.points.values, (_, row) => placeOf(page.points, row)) };
}

/** All pages; `between` happens before each but the first. */
async function readAll(
  points: () => MetricPoints,
  runId: RunId,
  first: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly TimePlace[]> {
  const read: TimePlace[] = [];
  let place: PointsPlace | null = null;
  do {
    if (place !== null) await between();
    const page = await readPage(points(), runId, place, first);
    expect(page.places.length).toBeLessThanOrEqual(first);
    read.push(...page.places);
    place = page.next;
  } while (place !== null);
  return read;
}

const eachInOrder = (points: readonly TimePlace[]): readonly TimePlace[] => {
  const sorted = [...points].sort(comparePlaces);
  return sorted.filter(
    (one, index) => index === 0 || comparePlaces(sorted[index - 1] as TimePlace, one) !== 0,
  );
};

const point = fc.record({
  timestamp: fc.bigInt({ min: -2n, max: 30n }),
  step: fc.bigInt({ min: -1n, max: 3n }),
  value: fc.constantFrom(NaN, -Infinity, -1, -0, 0, 1, Infinity),
});
const call = fc.record({
  points: fc.array(point, { minLength: 1, maxLength: 8 }),
  way: fc.constantFrom('chunk' as const, 'tail' as const),
});
/** What happens between two pages. */
const event = fc.oneof(
  call,
  fc.record({ from: fc.nat(6), count: fc.integer({ min: 2, max: 5 }) }),
  fc.constantFrom('another server' as const, 'another reader' as const),
);

test('whoever reads a long series page by page gets each point once and in order, whatever happens meanwhile', async () => {
  const calls = fc.array(call, { minLength: 3, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(
      calls,
      fc.array(event, { maxLength: 12 }),
      fc.integer({ min: 1, max: 9 }),
      async (before, events, first) => {
        const runId = await kept.newRun();
        const logged: TimePlace[] = [];
        const add = async ({ points, way }: { points: readonly TimePlace[]; way: 'chunk' | 'tail' }) => {
          if (way === 'chunk') await kept.folder.foldRuns(kept.projectId, [runId]); // as the writer does
          await log(runId, points, way);
          logged.push(...points);
        };
        await add({ points: before[0]?.points ?? [], way: 'chunk' }); // a series has a row before it has a tail
        for (const one of before.slice(1)) await add(one);
        const expected = eachInOrder(logged);
        let points = server();
        const left = [...events];
        const read = await readAll(
          () => points,
          runId,
          first,
          async () => {
            const next = left.shift();
            if (next === undefined) return;
            if (next === 'another server') points = server();
            else if (next === 'another reader') await readPage(points, runId, null, first);
            else if ('points' in next) await add(next);
            else await join(runId, next.from, next.count);
          },
        );
        expect(read).toEqual(expected);
        expect(await readAll(() => points, runId, first)).toEqual(eachInOrder(logged));
        expect(await readAll(() => server({ ...SMALL, maxSorted: 10_000 }), runId, 1_000)).toEqual(
          eachInOrder(logged),
        );
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

const inTime = (from: number, length: number): readonly TimePlace[] =>
  Array.from({ length }, (_, index) => ({ timestamp: BigInt(from + index), step: 0n, value: from + index }));

test('of a series in order of time a page reads the chunks that it is made of, and what is remembered no more', async () => {
  const runId = await kept.newRun();
  for (let from = 0; from < 400; from += 5) await log(runId, inTime(from, 5));
  const limits = { ...SMALL, maxStretches: 1_000 };
  const points = server(limits);
  const read = jest.spyOn(metrics, 'chunkPage');
  const pointsRead = async () => {
    const pages = await Promise.all(
      read.mock.results.map(({ value }) => value as ReturnType<MetricQueries['chunkPage']>),
    );
    read.mockClear();
    return pages.flat().reduce((sum, { values }) => sum + values.length / 8, 0);
  };
  const first = await readPage(points, runId, null, 7);
  expect(await pointsRead()).toBeGreaterThanOrEqual(400); // when each was measured is told by nothing else
  const second = await readPage(points, runId, first.next, 7);
  expect(second.places).toEqual(inTime(7, 7));
  expect(await pointsRead()).toBeLessThanOrEqual(15);
  await log(runId, inTime(400, 5));
  const again = await readPage(points, runId, null, 7);
  expect(again.places).toEqual(inTime(0, 7));
  expect(await pointsRead()).toBeLessThanOrEqual(20);
  read.mockRestore();
});

test('who began to read while the series was short reads on when it is long, on another server too', async () => {
  const runId = await kept.newRun();
  await log(runId, inTime(10, 10));
  const { places, next } = await readPage(server(), runId, null, 4);
  await log(runId, inTime(0, 30));
  const rest: TimePlace[] = [];
  for (let place = next; place !== null;) {
    const page = await readPage(server(), runId, place, 4);
    rest.push(...page.places);
    place = page.next;
  }
  expect([...places, ...rest]).toEqual(inTime(10, 10));
  expect(await readAll(server, runId, 4)).toEqual(inTime(0, 30));
});

test('a series without times, and one that came backwards, are read like any other', async () => {
  const [flat, backwards] = [await kept.newRun(), await kept.newRun()];
  const same = Array.from({ length: 60 }, (_, index) => ({
    timestamp: 0n,
    step: 0n,
    value: (index * 7) % 60,
  }));
  for (let from = 0; from < 60; from += 6) await log(flat, same.slice(from, from + 6));
  for (let from = 54; from >= 0; from -= 6) await log(backwards, inTime(from, 6));
  const points = server();
  expect(await readAll(() => points, flat, 5)).toEqual(eachInOrder(same));
  expect(await readAll(() => points, backwards, 5)).toEqual(inTime(0, 60));
});
