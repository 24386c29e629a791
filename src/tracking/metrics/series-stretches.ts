import { BoundedMap } from '../../kernel/bounded-map';
import { seriesParts } from './metric-history';
import type { PointColumns } from './metric-columns';
import type { MetricQueries, PageLimits, SeriesExtent } from './metric.queries';
import type { Calls } from './stored-chunk';
import { compareMoments, type Moment } from './time-order';

/** Calls that follow each other, and between which moments their points of a series lie. */
export interface Stretch extends Calls {
  readonly first: Moment;
  readonly last: Moment;
}

/** Series whose stretches are remembered: 10 MB at most. What calls have logged never changes. */
const MAX_REMEMBERED_SERIES = 32;

/**
 * Knows of long series when their points were measured, which is told by no row of theirs: all times and steps are read
 * once for it. It knows it by calls, not by chunks: those may be joined.
 */
export class SeriesStretches {
  private readonly remembered = new BoundedMap<string, readonly Stretch[]>(MAX_REMEMBERED_SERIES);

  /** @param maxStretches of a series; where there would be more, neighbours are told as one */
  constructor(
    private readonly metrics: Pick<MetricQueries, 'chunkPage'>,
    private readonly maxStretches: number,
    private readonly page: PageLimits,
  ) {}

  /** Those with calls up to the end of this extent, in order of their calls. */
  async of(extent: SeriesExtent): Promise<readonly Stretch[]> {
    const { runId, key, subject, upTo } = extent;
    const name = `${runId}\0${subject}\0${key}`;
    let stretches = this.remembered.get(name) ?? [];
    const after = stretches.at(-1)?.upTo ?? 0n;
    if (after < upTo) {
      const found: Stretch[] = [];
      for await (const { calls, points } of seriesParts(this.metrics, { extent, after }, this.page))
        found.push({ ...calls, ...momentsOf(points) });
      stretches = fewer([...stretches, ...found], this.maxStretches);
      this.remembered.set(name, stretches);
    }
    return stretches.filter((stretch) => stretch.after < upTo);
  }
}

function momentsOf({ steps, timestamps }: PointColumns): { readonly first: Moment; readonly last: Moment } {
  const momentAt = (row: number): Moment => ({
    timestamp: timestamps[row] as bigint,
    step: steps[row] as bigint,
  });
  let [first, last] = [0, 0];
  const order = (a: number, b: number) => {
    const [timeA, timeB] = [timestamps[a] as bigint, timestamps[b] as bigint];
    if (timeA !== timeB) return timeA < timeB ? -1 : 1;
    return (steps[a] as bigint) < (steps[b] as bigint) ? -1 : 1;
  };
  for (let row = 1; row < timestamps.length; row++) {
    if (order(row, first) < 0) first = row;
    if (order(row, last) > 0) last = row;
  }
  return { first: momentAt(first), last: momentAt(last) };
}

function fewer(stretches: readonly Stretch[], most: number): readonly Stretch[] {
  if (stretches.length <= most) return stretches;
  const pairs = stretches.flatMap((one, index) => {
    if (index % 2 > 0) return [];
    const next = stretches[index + 1] ?? one;
    return [
      {
        ...{ after: one.after, upTo: next.upTo },
        first: compareMoments(one.first, next.first) <= 0 ? one.first : next.first,
        last: compareMoments(one.last, next.last) >= 0 ? one.last : next.last,
      },
    ];
  });
  return fewer(pairs, most);
}
