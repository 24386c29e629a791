import fc from 'fast-check';
import type { DatasetVersionId } from '../../../../src/datasets/datasets';
import { foldCalls, inStoredOrder, type TailCall } from '../../../../src/tracking/metrics/fold-calls';
import { KnownSeries } from '../../../../src/tracking/metrics/known-series';
import {
  joinColumns,
  type PointColumns,
  type SeriesColumns,
} from '../../../../src/tracking/metrics/metric-columns';
import { packSheet, seriesIn, SheetReader } from '../../../../src/tracking/metrics/metric-sheet';
import type { RunId } from '../../../../src/tracking/run';

type Row = readonly [step: bigint, value: number, timestampMs: bigint];
const anyRow = fc.tuple(
  fc.oneof(fc.bigInt(-3n, 3n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0)),
  fc.oneof(fc.bigInt(0n, 2n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
);
const anyName = fc.record({
  key: fc.constantFrom('a', 'b', '__proto__', '√ “x”', 'c'),
  version: fc.constantFrom(null, 'v1', 'v2'),
});
const seriesOf = (name: { key: string; version: string | null }, rows: readonly Row[]): SeriesColumns => ({
  key: name.key,
  subject: name.version === null ? '' : `dataset-version:${name.version}`,
  datasetVersionId: name.version as DatasetVersionId | null,
  steps: BigInt64Array.from(rows, ([step]) => step),
  values: Float64Array.from(rows, ([, value]) => value),
  timestamps: BigInt64Array.from(rows, ([, , timestampMs]) => timestampMs),
});
const anySeries = (rows: fc.Arbitrary<Row[]>) =>
  fc
    .uniqueArray(fc.tuple(anyName, rows), {
      selector: ([name]) => JSON.stringify(name),
      minLength: 1,
      maxLength: 6,
    })
    .map((list) => list.map(([name, ofSeries]) => seriesOf(name, ofSeries)));
const anyCall = fc.oneof(
  anySeries(fc.array(anyRow, { minLength: 1, maxLength: 1 })),
  anySeries(fc.array(anyRow, { minLength: 1, maxLength: 4 })),
);
const nameOf = ({ subject, key }: Pick<SeriesColumns, 'subject' | 'key'>) => `${subject}/${key}`;
const rowsOf = ({ steps, values, timestamps }: PointColumns): Row[] =>
  Array.from(values, (value, row) => [steps[row] as bigint, value, timestamps[row] as bigint]);

test('a sheet gives back every bit of what was packed', () => {
  fc.assert(
    fc.property(fc.array(anyCall, { minLength: 1, maxLength: 4 }), (calls) => {
      const reader = new SheetReader();
      for (const call of calls) expect(seriesIn(reader.read(packSheet(call)))).toEqual(call);
    }),
  );
});

test('sheets of the same series share their head', () => {
  const call = [seriesOf({ key: 'a', version: null }, [[1n, 2, 3n]])];
  const reader = new SheetReader();
  const [one, other] = [reader.read(packSheet(call)), reader.read(packSheet(call))];
  expect(one.head).toBe(other.head);
});

test('folded calls have the points of each series once, in order of arrival, each with its call', () => {
  fc.assert(
    fc.property(fc.array(anyCall, { minLength: 1, maxLength: 8 }), (calls) => {
      const reader = new SheetReader();
      const seqOf = (at: number) => BigInt(3 * at + 2);
      const tail = calls.map((call, at): TailCall => ({
        seq: seqOf(at),
        sheet: reader.read(packSheet(call)),
      }));
      const expected = new Map<string, { row: Row; seq: bigint }[]>();
      calls.forEach((call, at) =>
        call.forEach((series) => {
          const rows = expected.get(nameOf(series)) ?? [];
          expected.set(nameOf(series), [...rows, ...rowsOf(series).map((row) => ({ row, seq: seqOf(at) }))]);
        }),
      );
      const folded = foldCalls(tail);
      expect(folded.map(nameOf).sort()).toEqual([...expected.keys()].sort());
      for (const series of folded) {
        const rows = expected.get(nameOf(series)) ?? [];
        expect(rowsOf(series)).toEqual(rows.map(({ row }) => row));
        expect([...series.seqs]).toEqual(rows.map(({ seq }) => seq));
        expect([series.firstSeq, series.seq]).toEqual([rows[0]?.seq, rows.at(-1)?.seq]);
        const stored = inStoredOrder(series);
        const isOfOne = series.firstSeq === series.seq;
        expect(rowsOf(stored)).toEqual(isOfOne ? rowsOf(series) : rowsOf(joinColumns([series])));
        const withCalls = (list: readonly Row[], seqs: readonly bigint[]) =>
          list.map((row, index) =>
            [...row.map((part) => (Object.is(part, -0) ? '-0' : String(part))), seqs[index]].join(),
          );
        const storedSeqs = [...(stored.seqs ?? rows.map(() => series.seq))];
        expect(withCalls(rowsOf(stored), storedSeqs).sort()).toEqual(
          withCalls(
            rows.map(({ row }) => row),
            rows.map(({ seq }) => seq),
          ).sort(),
        );
      }
    }),
  );
});

test('what a process remembers is bounded: the run that nobody asked about is forgotten', () => {
  const known = new KnownSeries(3);
  const of = (...keys: string[]) => keys.map((key) => seriesOf({ key, version: null }, []));
  const [first, second, third] = ['1', '2', '3'] as unknown as [RunId, RunId, RunId];
  known.add(first, of('a'));
  known.add(second, of('a', 'b'));
  known.add(second, of('b'));
  expect([known.hasAll(first, of('a')), known.hasAll(second, of('a', 'b'))]).toEqual([true, true]);
  expect([known.hasAll(first, of('b')), known.hasAll(third, [])]).toEqual([false, false]);
  expect(known.hasAll(first, [seriesOf({ key: 'a', version: 'v1' }, [])])).toBe(false);
  known.hasAll(second, of('a')); // so that the first one is asked about longest ago
  known.add(third, of('a'));
  expect([first, second, third].map((run) => known.hasAll(run, of('a')))).toEqual([false, true, true]);
});
