import { orderOf, pick, type PointColumns, type SeriesColumns } from './metric-columns';
import type { Sheet, SheetHead } from './metric-sheet';

/** What one call, or several that were committed together, logged to a run. */
export interface TailCall {
  readonly seq: bigint;
  readonly sheet: Sheet;
}

/** Points of one series out of several calls. */
export interface FoldedSeries extends SeriesColumns {
  /** The calls of its points: from the first to the last. */
  readonly firstSeq: bigint;
  readonly seq: bigint;
  /** The call of each point. */
  readonly seqs: BigInt64Array;
}

/** A series while its points are gathered. */
interface Gathered {
  readonly series: SheetHead['series'][number];
  count: number;
  filled: number;
  readonly columns: {
    steps: BigInt64Array;
    values: Float64Array;
    timestamps: BigInt64Array;
    seqs: BigInt64Array;
  };
}

/**
 * The points of several calls by their series, in order of arrival.
 *
 * @param calls in their order
 */
export function foldCalls(calls: readonly TailCall[]): readonly FoldedSeries[] {
  const byName = new Map<string, Gathered>();
  // Calls of one loop have one head: their series need to be found once.
  const byHead = new Map<SheetHead, readonly Gathered[]>();
  for (const { sheet } of calls) {
    const gathered = byHead.get(sheet.head) ?? gatheredOf(sheet.head, byName);
    byHead.set(sheet.head, gathered);
    gathered.forEach((one, index) => (one.count += sheet.head.counts[index] as number));
  }
  for (const one of byName.values()) Object.assign(one.columns, emptyColumns(one.count));
  for (const call of calls) fill(byHead.get(call.sheet.head) as readonly Gathered[], call);
  return [...byName.values()].map(({ series, columns }) => ({
    ...series,
    ...columns,
    firstSeq: columns.seqs[0] as bigint,
    seq: columns.seqs.at(-1) as bigint,
  }));
}

/** As they stand in a chunk: in order of step, then timestamp, then arrival, where they are of several calls. */
export function inStoredOrder(folded: FoldedSeries): PointColumns & { readonly seqs: BigInt64Array | null } {
  const { steps, values, timestamps, seqs, firstSeq, seq } = folded;
  const points = { steps, values, timestamps };
  if (firstSeq === seq) return { ...points, seqs: null };
  const order = orderOf(points);
  if (order === null) return { ...points, seqs };
  return { ...pick(points, order), seqs: seqs.map((_, row) => seqs[order[row] as number] as bigint) };
}

function gatheredOf({ series }: SheetHead, byName: Map<string, Gathered>): readonly Gathered[] {
  return series.map((one) => {
    const name = `${one.subject}\0${one.key}`;
    const gathered = byName.get(name) ?? { series: one, count: 0, filled: 0, columns: emptyColumns(0) };
    byName.set(name, gathered);
    return gathered;
  });
}

function fill(gathered: readonly Gathered[], { seq, sheet: { head, points } }: TailCall): void {
  let row = 0;
  gathered.forEach((one, index) => {
    const end = row + (head.counts[index] as number);
    for (; row < end; row += 1, one.filled += 1) {
      one.columns.steps[one.filled] = points.steps[row] as bigint;
      one.columns.values[one.filled] = points.values[row] as number;
      one.columns.timestamps[one.filled] = points.timestamps[row] as bigint;
      one.columns.seqs[one.filled] = seq;
    }
  });
}

const emptyColumns = (length: number) => ({
  steps: new BigInt64Array(length),
  values: new Float64Array(length),
  timestamps: new BigInt64Array(length),
  seqs: new BigInt64Array(length),
});
