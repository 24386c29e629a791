import { BoundedMap } from '../../kernel/bounded-map';
import { inOrder, joinBuckets, type Bucket, type Point } from './bucket';
import type { ChartQueries, ChunkHead } from './chart.queries';
import { bucketsDrawn, Downsampler } from './downsample';
import { FULL_POINTS } from './join-chunks';
import { joinColumns, type PointColumns } from './metric-columns';
import type { SeriesExtent } from './metric.queries';
import { withinSteps, type StepRange } from './step-range';
import { BUCKET_WIDTH, decodeBuckets, type BucketLevel } from './stored-buckets';
import { unpackCalls } from './stored-chunk';

/** Chunks of one chart: of full ones, 160 million points. A longer series is read as a whole. */
const MAX_CHUNKS = 10_000;
/**
 * Points of a chart that are read as they are: what is not in full chunks yet, and what does not lie in order. 7 MB.
 */
const MAX_READ_POINTS = 300_000;
/** Buckets of a chart that are in memory at once, beyond one for each chunk. */
const MAX_BUCKETS = 20_000;
/** Chunks whose coarse buckets are remembered: some 20 MB. A full chunk never changes. */
const MAX_REMEMBERED_CHUNKS = 1_000;

/** Charts that are remembered, and points of the largest of them: 6 MB. The points up to a call never change. */
const MAX_DRAWN = 100;
const MAX_DRAWN_POINTS = 2_500;

/** Some points of a series: those of a chunk, or of several that overlap. */
interface Part {
  readonly seqs: readonly bigint[];
  readonly first: Point;
  readonly last: Point;
  readonly content: { readonly buckets: readonly Bucket[] } | { readonly points: PointColumns };
}

export interface ChartRequest {
  readonly range: StepRange;
  readonly maxPoints: number;
}

/**
 * Charts of long series, out of the buckets that are stored with their full chunks. Only what lies in no full chunk, or
 * among the points of another one, is read point by point; so every bucket that is drawn consists of neighbours, and
 * has their first, last, smallest and largest.
 */
export class MetricChart {
  private readonly remembered = new BoundedMap<string, readonly Bucket[]>(MAX_REMEMBERED_CHUNKS);
  private readonly drawn = new BoundedMap<string, PointColumns>(MAX_DRAWN);

  constructor(private readonly queries: ChartQueries) {}

  /** Null where the stored buckets are too wide for it, or too much would have to be read: then all points are read. */
  async read(extent: SeriesExtent, request: ChartRequest): Promise<PointColumns | null> {
    const { runId, subject, key, upTo } = extent;
    const { fromStep, toStep } = request.range;
    const name = [runId, upTo, fromStep, toStep, request.maxPoints, subject, key].join('\0');
    const known = this.drawn.get(name);
    if (known) return known;
    const drawn = await this.draw(extent, request);
    if (drawn && request.maxPoints <= MAX_DRAWN_POINTS) this.drawn.set(name, drawn);
    return drawn;
  }

  private async draw(extent: SeriesExtent, { range, maxPoints }: ChartRequest): Promise<PointColumns | null> {
    const heads = await this.queries.heads(extent, range, MAX_CHUNKS + 1);
    const level = levelFor(heads, maxPoints);
    if (level === null || heads.length > MAX_CHUNKS) return null;
    const whole = heads.filter(({ hasBuckets }) => hasBuckets);
    const rest = heads.filter(({ hasBuckets }) => !hasBuckets);
    if (pointsIn(rest) > MAX_READ_POINTS) return null;
    const buckets = await this.buckets(extent, level, whole);
    const points = await this.points(extent, range, rest);
    if (buckets === null || points === null) return null;
    const sampler = new Downsampler(maxPoints);
    for (const cluster of clustersOf([...buckets, ...points])) {
      const part = cluster.length === 1 ? cluster[0] : await this.merge(extent, range, heads, cluster);
      if (!part) return null;
      if ('buckets' in part.content) sampler.append(part.content.buckets);
      else sampler.add(part.content.points, arrivalOf(latestOf(part)));
    }
    return sampler.points();
  }

  private async buckets(
    extent: SeriesExtent,
    level: BucketLevel,
    heads: readonly ChunkHead[],
  ): Promise<readonly Part[] | null> {
    const nameOf = (seq: bigint) => `${extent.runId}\0${extent.subject}\0${extent.key}\0${seq}`;
    const known = new Map<bigint, readonly Bucket[]>();
    for (const { seq } of level === 'coarse' ? heads : []) {
      const buckets = this.remembered.get(nameOf(seq));
      if (buckets) known.set(seq, buckets);
    }
    const unknown = heads.flatMap(({ seq }) => (known.has(seq) ? [] : [seq]));
    const read =
      unknown.length > 0 ? await this.queries.buckets(extent, level, unknown) : new Map<bigint, Buffer>();
    const mostOfChunk = Math.max(1, Math.floor(MAX_BUCKETS / heads.length));
    const parts: Part[] = [];
    for (const { seq } of heads) {
      const bytes = read.get(seq);
      const buckets = known.get(seq) ?? (bytes && decodeBuckets(bytes, arrivalOf(seq)));
      if (!buckets) return null; // joined or deleted meanwhile
      if (level === 'coarse') this.remembered.set(nameOf(seq), buckets);
      parts.push(partOf([seq], { buckets: fewerBuckets(buckets, mostOfChunk) }));
    }
    return parts;
  }

  private async points(
    extent: SeriesExtent,
    range: StepRange,
    heads: readonly ChunkHead[],
  ): Promise<readonly Part[] | null> {
    if (heads.length === 0) return [];
    const chunks = await this.queries.chunks(
      extent,
      heads.map(({ seq }) => seq),
    );
    if (chunks.length < heads.length) return null;
    const calls = { after: 0n, upTo: extent.upTo };
    return chunks.flatMap((chunk) => {
      const points = withinSteps(joinColumns([unpackCalls(chunk, calls)]), range);
      return points.values.length > 0 ? [partOf([chunk.seq], { points })] : [];
    });
  }

  /** Chunks among whose points those of others lie, as one. */
  private async merge(
    extent: SeriesExtent,
    range: StepRange,
    heads: readonly ChunkHead[],
    cluster: readonly Part[],
  ): Promise<Part | null> {
    const seqs = new Set(cluster.flatMap((part) => part.seqs));
    const wanted = heads.filter(({ seq }) => seqs.has(seq));
    if (pointsIn(wanted) > MAX_READ_POINTS) return null;
    const parts = await this.points(extent, range, wanted);
    if (!parts) return null;
    const points = joinColumns(parts.flatMap(({ content }) => ('points' in content ? [content.points] : [])));
    return partOf([...seqs], { points });
  }
}

/** Buckets that are drawn should be about equal: each holds several of those that are stored. */
const STORED_PER_DRAWN = 2;

/** A series so short that it is read as a whole has none. */
export const mayHaveBuckets = ({ pointCount }: SeriesExtent, maxPoints: number): boolean =>
  pointCount >= FULL_POINTS && pointCount >= STORED_PER_DRAWN * BUCKET_WIDTH.fine * bucketsDrawn(maxPoints);

function levelFor(heads: readonly ChunkHead[], maxPoints: number): BucketLevel | null {
  const width = pointsIn(heads) / bucketsDrawn(maxPoints) / STORED_PER_DRAWN;
  if (width >= BUCKET_WIDTH.coarse) return 'coarse';
  return width >= BUCKET_WIDTH.fine ? 'fine' : null;
}

const pointsIn = (heads: readonly ChunkHead[]) => heads.reduce((sum, { pointCount }) => sum + pointCount, 0);

function partOf(seqs: readonly bigint[], content: Part['content']): Part {
  if ('buckets' in content) {
    const [first, last] = [content.buckets[0] as Bucket, content.buckets.at(-1) as Bucket];
    return { seqs, first: first.first, last: last.last, content };
  }
  const { steps, values, timestamps } = content.points;
  const pointAt = (row: number): Point => ({
    step: steps[row] as bigint,
    value: values[row] as number,
    timestampMs: timestamps[row] as bigint,
    arrival: 0,
  });
  return { seqs, first: pointAt(0), last: pointAt(values.length - 1), content };
}

/** Neighbours joined until there are no more than so many. */
function fewerBuckets(buckets: readonly Bucket[], most: number): readonly Bucket[] {
  if (buckets.length <= most) return buckets;
  const size = Math.ceil(buckets.length / most);
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, index) =>
    buckets.slice(index * size, (index + 1) * size).reduce(joinBuckets),
  );
}

/** Parts in order, those together that overlap: where two meet in equal points, the earlier call comes first. */
function clustersOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  const sorted = [...parts].sort(
    (one, other) => comparePlaces(one.first, other.first) || (latestOf(one) < latestOf(other) ? -1 : 1),
  );
  const clusters: Part[][] = [];
  let end: { readonly point: Point; readonly seq: bigint } | null = null;
  for (const part of sorted) {
    const order = end === null ? -1 : comparePlaces(end.point, part.first);
    if (end === null || order < 0 || (order === 0 && end.seq < latestOf(part))) {
      clusters.push([part]);
      end = { point: part.last, seq: latestOf(part) };
    } else {
      clusters.at(-1)?.push(part);
      end = {
        point: comparePlaces(end.point, part.last) < 0 ? part.last : end.point,
        seq: end.seq > latestOf(part) ? end.seq : latestOf(part),
      };
    }
  }
  return clusters;
}

const latestOf = ({ seqs }: Part): bigint => seqs.reduce((latest, seq) => (seq > latest ? seq : latest));
const comparePlaces = (one: Point, other: Point) => inOrder({ ...one, arrival: 0 }, { ...other, arrival: 0 });

/** Points of equal step and time are told apart by their call, then by their row: no part has a million rows. */
const arrivalOf = (seq: bigint): number => Number(seq) * 2 ** 20;
