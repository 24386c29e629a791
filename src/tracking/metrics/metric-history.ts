import { Downsampler } from './downsample';
import { foldCalls, type TailCall } from './fold-calls';
import { mayHaveBuckets, type ChartRequest, type MetricChart } from './metric-chart';
import { joinColumns, type PointColumns } from './metric-columns';
import type {
  KeyedChunk,
  MetricQueries,
  PageLimits,
  PagedChunk,
  SeriesExtent,
  SeriesRest,
  WantedSeries,
} from './metric.queries';
import type { RunId } from '../run';
import { ALL_STEPS, withinSteps, type StepRange } from './step-range';
import { pointsOf, unpackCalls, type Calls } from './stored-chunk';

/** The points of one series as columns, sorted by step, then timestamp, then arrival. */
export interface MetricSeries extends PointColumns {
  readonly key: string;
}

export interface RunSeries extends MetricSeries {
  readonly runId: RunId;
}

/** Where series are read from. */
export interface HistoryReads {
  readonly metrics: MetricQueries;
  readonly chart: MetricChart;
}

/** Most points of one series in an answer: more than any screen has columns. */
export const MAX_HISTORY_POINTS = 10_000;

/**
 * What is read at a time, whatever the length of the series: 1.2 MB in all but the last chunk, which has 2.4 MB at
 * most; and rows that take the database some 20 ms.
 */
const PAGE = { maxPoints: 50_000, maxChunks: 5_000 } as const;

/** The series in the order of `extents`, each with at most `maxPoints` points; without those that have none. */
export async function readHistory(
  { metrics, chart }: HistoryReads,
  extents: readonly SeriesExtent[],
  request: ChartRequest,
): Promise<readonly RunSeries[]> {
  const read = new Map<SeriesExtent, PointColumns>();
  for (const extent of extents) {
    const points = mayHaveBuckets(extent, request.maxPoints) ? await chart.read(extent, request) : null;
    if (points) read.set(extent, points);
  }
  const rest = extents.filter((extent) => !read.has(extent));
  for (const [extent, sampler] of await samplePoints(metrics, rest, request))
    read.set(extent, sampler.points());
  return extents.flatMap((extent) => {
    const points = read.get(extent);
    return points && points.values.length > 0 ? [{ runId: extent.runId, key: extent.key, ...points }] : [];
  });
}

/** Reads all points, page by page, and keeps of each series what is drawn of it. */
async function samplePoints(
  metrics: MetricQueries,
  extents: readonly SeriesExtent[],
  { range, maxPoints }: ChartRequest,
): Promise<ReadonlyMap<SeriesExtent, Downsampler>> {
  const samplers = new Map<SeriesExtent, Downsampler>();
  const begin = extents.map((extent) => ({ extent, after: 0n }));
  for await (const { extent, points } of parts(metrics, begin, { range, page: PAGE })) {
    const sampler = samplers.get(extent) ?? new Downsampler(maxPoints);
    samplers.set(extent, sampler);
    sampler.add(points);
  }
  return samplers;
}

/** All points of what is left of one series, page by page in order of arrival, those of each page in order. */
export async function* seriesParts(
  metrics: Pick<MetricQueries, 'chunkPage'>,
  rest: SeriesRest,
  page: PageLimits = PAGE,
): AsyncGenerator<CallsPart> {
  for await (const { calls, points } of parts(metrics, [rest], { range: ALL_STEPS, page })) {
    if (points.values.length > 0) yield { calls, points };
  }
}

/** For each run its series, in the order of `keys`. */
export function listsOf(
  series: readonly RunSeries[],
  runIds: readonly RunId[],
  keys: readonly string[],
): (readonly MetricSeries[])[] {
  const byRun = groupBy(series, ({ runId }) => runId);
  return runIds.map((runId) => {
    const byKey = new Map(byRun.get(runId)?.map((one) => [one.key, one]));
    return keys.flatMap((key) => byKey.get(key) ?? []);
  });
}

/** What these calls logged, as whole series, out of chunks that stand in order of arrival. */
export function seriesOf(chunks: readonly KeyedChunk[], calls: Calls): readonly MetricSeries[] {
  const byKey = groupBy(chunks, ({ key }) => key);
  return [...byKey].flatMap(([key, ofKey]) => {
    const points = joinColumns(ofKey.map((chunk) => unpackCalls(chunk, calls)));
    return points.values.length > 0 ? [{ key, ...points }] : [];
  });
}

/** The same of calls that are not in chunks yet. */
export function seriesOfCalls(calls: readonly TailCall[], wanted: WantedSeries): readonly MetricSeries[] {
  const keys = wanted.keys && new Set(wanted.keys);
  return foldCalls(calls).flatMap(({ key, subject, steps, values, timestamps }) =>
    subject === wanted.subject && (keys === null || keys.has(key))
      ? [{ key, ...joinColumns([{ steps, values, timestamps }]) }]
      : [],
  );
}

/** Points of one series that stand on one page, in order, and the calls that logged them. */
interface CallsPart {
  readonly calls: Calls;
  readonly points: PointColumns;
}

interface Part extends CallsPart {
  readonly extent: SeriesExtent;
}

/** What is read of each series, and how much at a time. */
interface PartsRequest {
  readonly range: StepRange;
  readonly page: PageLimits;
}

interface Page {
  readonly asked: readonly SeriesRest[];
  readonly chunks: readonly PagedChunk[];
  /** What is left for the pages that follow. */
  readonly rest: readonly SeriesRest[];
}

/** Series after series, page by page. The next page is on its way while one is worked on. */
async function* parts(
  metrics: Pick<MetricQueries, 'chunkPage'>,
  begin: readonly SeriesRest[],
  request: PartsRequest,
): AsyncGenerator<Part> {
  let reading = readPage(metrics, begin, request);
  while (reading) {
    const { asked, chunks, rest } = await reading;
    reading = readPage(metrics, rest, request);
    reading?.catch(() => undefined); // told when it is awaited, if it is
    for (const [place, ofSeries] of groupBy(chunks, (chunk) => chunk.place)) {
      const { extent, after } = asked[place] as SeriesRest;
      const calls = { after, upTo: extent.upTo };
      const points = joinColumns(ofSeries.map((chunk) => unpackCalls(chunk, calls)));
      const last = ofSeries.at(-1)?.seq ?? after;
      yield {
        extent,
        calls: { after, upTo: last < extent.upTo ? last : extent.upTo },
        points: withinSteps(points, request.range),
      };
    }
  }
}

/** Null where nothing is left to read. */
function readPage(
  metrics: Pick<MetricQueries, 'chunkPage'>,
  rest: readonly SeriesRest[],
  { range, page }: PartsRequest,
): Promise<Page> | null {
  if (rest.length === 0) return null;
  const asked = ofOnePage(rest, page);
  return metrics.chunkPage(asked, range, page).then((chunks) => {
    return { asked, chunks, rest: [...restAfter(chunks, asked, page), ...rest.slice(asked.length)] };
  });
}

/** The series from the first on whose points fit on a page together; one that does not fit stands alone. */
function ofOnePage(rest: readonly SeriesRest[], { maxPoints, maxChunks }: PageLimits): readonly SeriesRest[] {
  let points = 0;
  const tooMany = rest.findIndex(({ extent }, place) => {
    points += extent.pointCount;
    return place > 0 && (points > maxPoints || place === maxChunks);
  });
  return tooMany < 0 ? rest : rest.slice(0, tooMany);
}

/** What is left of the series that were asked for, where the page was full before they ended. */
function restAfter(
  chunks: readonly PagedChunk[],
  asked: readonly SeriesRest[],
  { maxPoints, maxChunks }: PageLimits,
): readonly SeriesRest[] {
  const last = chunks.at(-1);
  const points = chunks.reduce((sum, chunk) => sum + pointsOf(chunk), 0);
  if (!last || (chunks.length < maxChunks && points < maxPoints)) return [];
  const { extent } = asked[last.place] as SeriesRest;
  return [{ extent, after: last.seq }, ...asked.slice(last.place + 1)];
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
