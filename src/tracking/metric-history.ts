import { Downsampler } from './downsample';
import { joinChunks, type PointColumns } from './metric-columns';
import type { MetricQueries, PagedChunk, SeriesExtent, SeriesRest, StoredChunk } from './metric.queries';
import type { RunId } from './run';

/** The points of one series as columns, sorted by step, then timestamp, then arrival. */
export interface MetricSeries extends PointColumns {
  readonly key: string;
}

export interface RunSeries extends MetricSeries {
  readonly runId: RunId;
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
  metrics: MetricQueries,
  extents: readonly SeriesExtent[],
  maxPoints: number,
): Promise<readonly RunSeries[]> {
  const series: RunSeries[] = [];
  let open = null as OpenSeries | null;
  for await (const { extent, chunks } of parts(metrics, extents)) {
    if (open?.extent !== extent) {
      if (open) series.push(toRunSeries(open));
      open = { extent, sampler: new Downsampler(maxPoints) };
    }
    open.sampler.add(joinChunks(chunks));
  }
  if (open) series.push(toRunSeries(open));
  return series;
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

/** Whole series out of chunks that stand in order of arrival. */
export function toSeries(chunks: readonly StoredChunk[]): readonly MetricSeries[] {
  const byKey = groupBy(chunks, ({ key }) => key);
  return [...byKey].map(([key, ofKey]) => ({ key, ...joinChunks(ofKey) }));
}

interface OpenSeries {
  readonly extent: SeriesExtent;
  readonly sampler: Downsampler;
}

const toRunSeries = ({ extent: { runId, key }, sampler }: OpenSeries): RunSeries => ({
  runId,
  key,
  ...sampler.points(),
});

/** Chunks of one series that stand on one page, in order of arrival. */
interface Part {
  readonly extent: SeriesExtent;
  readonly chunks: readonly PagedChunk[];
}

interface Page {
  readonly asked: readonly SeriesRest[];
  readonly chunks: readonly PagedChunk[];
  /** What is left for the pages that follow. */
  readonly rest: readonly SeriesRest[];
}

/** Series after series, page by page. The next page is on its way while one is worked on. */
async function* parts(metrics: MetricQueries, extents: readonly SeriesExtent[]): AsyncGenerator<Part> {
  let reading = readPage(
    metrics,
    extents.map((extent) => ({ extent, after: 0n })),
  );
  while (reading) {
    const { asked, chunks, rest } = await reading;
    reading = readPage(metrics, rest);
    reading?.catch(() => undefined); // told when it is awaited, if it is
    for (const [place, ofSeries] of groupBy(chunks, (chunk) => chunk.place)) {
      yield { extent: (asked[place] as SeriesRest).extent, chunks: ofSeries };
    }
  }
}

/** Null where nothing is left to read. */
function readPage(metrics: MetricQueries, rest: readonly SeriesRest[]): Promise<Page> | null {
  if (rest.length === 0) return null;
  const asked = ofOnePage(rest);
  return metrics.chunkPage(asked, PAGE).then((chunks) => {
    return { asked, chunks, rest: [...restAfter(chunks, asked), ...rest.slice(asked.length)] };
  });
}

/** The series from the first on whose points fit on a page together; one that does not fit stands alone. */
function ofOnePage(rest: readonly SeriesRest[]): readonly SeriesRest[] {
  let points = 0;
  const tooMany = rest.findIndex(({ extent }, place) => {
    points += extent.pointCount;
    return place > 0 && (points > PAGE.maxPoints || place === PAGE.maxChunks);
  });
  return tooMany < 0 ? rest : rest.slice(0, tooMany);
}

/** What is left of the series that were asked for, where the page was full before they ended. */
function restAfter(page: readonly PagedChunk[], asked: readonly SeriesRest[]): readonly SeriesRest[] {
  const last = page.at(-1);
  const points = page.reduce((sum, chunk) => sum + pointsOf(chunk), 0);
  if (!last || (page.length < PAGE.maxChunks && points < PAGE.maxPoints)) return [];
  const { extent } = asked[last.place] as SeriesRest;
  return [{ extent, after: last.seq }, ...asked.slice(last.place + 1)];
}

export const pointsOf = ({ values }: { readonly values: Buffer }): number =>
  values.length / Float64Array.BYTES_PER_ELEMENT;

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
