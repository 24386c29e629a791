import fc from 'fast-check';
import { bucketOf } from '../../../../src/tracking/metrics/bucket';
import {
  chunksToJoin,
  FULL_POINTS,
  joinChunks,
  LOOSE_CHUNKS,
} from '../../../../src/tracking/metrics/join-chunks';
import { joinColumns, toBytes, type PointColumns } from '../../../../src/tracking/metrics/metric-columns';
import { packColumn } from '../../../../src/tracking/metrics/packed-column';
import { BUCKET_WIDTH, decodeBuckets, encodeBuckets } from '../../../../src/tracking/metrics/stored-buckets';
import { PACKED, unpackCalls, type StoredChunk } from '../../../../src/tracking/metrics/stored-chunk';

type Rows = readonly (readonly [step: bigint, value: number, timestampMs: bigint])[];
const columns = (rows: Rows): PointColumns => ({
  steps: BigInt64Array.from(rows, ([step]) => step),
  values: Float64Array.from(rows, ([, value]) => value),
  timestamps: BigInt64Array.from(rows, ([, , timestampMs]) => timestampMs),
});
const rows = ({ steps, values, timestamps }: PointColumns): Rows =>
  Array.from(values, (value, row) => [steps[row] as bigint, value, timestamps[row] as bigint]);
const chunkOf = (seq: number, points: Rows): StoredChunk => {
  const { steps, values, timestamps } = columns(points);
  const call = { firstSeq: BigInt(seq), seq: BigInt(seq), seqs: null };
  return {
    ...{ format: PACKED, ...call, values: toBytes(values) },
    ...{ steps: Buffer.from(packColumn(steps)), timestamps: Buffer.from(packColumn(timestamps)) },
  };
};

const anyRow = fc.tuple(
  fc.oneof(fc.bigInt(-3n, 3n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0)),
  fc.bigInt(0n, 2n),
);
/** Calls with points, some numbers of calls being those of other series. */
const anyCalls = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.array(anyRow, { minLength: 1, maxLength: 6 })),
  {
    minLength: 1,
    maxLength: 12,
  },
);

test('whatever is joined in whatever steps, every stretch of calls reads the same', () => {
  fc.assert(
    fc.property(
      anyCalls,
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.nat(),
      fc.nat(),
      (calls, joins, from, to) => {
        let seq = 0;
        const chunks = calls.map(([gap, points]) => chunkOf((seq += gap), points));
        let joined = chunks;
        for (const join of joins) {
          const start = join % joined.length;
          const end = Math.min(joined.length, start + 2 + (join % 3));
          joined = [
            ...joined.slice(0, start),
            joinChunks(joined.slice(start, end), PACKED),
            ...joined.slice(end),
          ];
        }
        const [after, upTo] = [BigInt(from % (seq + 1)), BigInt(to % (seq + 2))];
        const read = (some: readonly StoredChunk[]) =>
          rows(joinColumns(some.map((chunk) => unpackCalls(chunk, { after, upTo }))));
        expect(read(joined)).toEqual(read(chunks));
      },
    ),
    { numRuns: 300 },
  );
});

const sizes = (...points: number[]) =>
  points.map((pointCount, index) => ({ seq: BigInt(index + 1), pointCount }));
const chosen = (...points: number[]) => chunksToJoin(sizes(...points)).map(({ seq }) => Number(seq));
const ones = (count: number) => new Array<number>(count).fill(1);

test('what fills a chunk is joined from the oldest on, one that is full by itself too', () => {
  expect(chosen(FULL_POINTS - 1, 1, 5)).toEqual([1, 2]);
  expect(chosen(FULL_POINTS)).toEqual([1]);
  expect(chosen(...ones(10), 100_000, 1)).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
  expect(chosen(100, 200)).toEqual([]);
});

test('a point that comes alone is written again a few times, not every time', () => {
  let loose: number[] = [];
  let written = 0;
  const points = 40_000;
  for (let point = 0; point < points; point += 1) {
    loose.push(1);
    if (loose.length < LOOSE_CHUNKS) continue;
    for (let join = chunksToJoin(sizes(...loose)); join.length > 0; join = chunksToJoin(sizes(...loose))) {
      const start = Number(join[0]?.seq) - 1;
      const size = join.reduce((sum, { pointCount }) => sum + pointCount, 0);
      written += size;
      loose = [
        ...loose.slice(0, start),
        ...(size >= FULL_POINTS ? [] : [size]),
        ...loose.slice(start + join.length),
      ];
    }
    expect(loose.length).toBeLessThan(LOOSE_CHUNKS);
  }
  expect(written / points).toBeLessThan(20);
});

test.each(['coarse', 'fine'] as const)('stored buckets (%s) come back as they were', (level) => {
  const points = columns(
    Array.from({ length: 3_000 }, (_, row) => [
      BigInt(row >> 2),
      row % 7 === 0 || row > 2_900 ? NaN : row % 1_000 === 1 ? Infinity : Math.sin(row),
      BigInt(row % 4),
    ]),
  );
  const width = BUCKET_WIDTH[level];
  const decoded = decodeBuckets(encodeBuckets(points, level), 500);
  expect(decoded).toEqual(
    Array.from({ length: Math.ceil(3_000 / width) }, (_, index) =>
      bucketOf(points, index * width, Math.min(3_000, (index + 1) * width), 500),
    ),
  );
  for (const { first, last, min, max } of decoded) {
    const all = [first, last, min, max];
    expect(new Set(all).size).toBe(new Set(all.map(({ arrival }) => arrival)).size);
  }
});
