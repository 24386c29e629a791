import fc from 'fast-check';
import type { PointColumns } from '../../../../src/tracking/metrics/metric-columns';
import { PointsWindow } from '../../../../src/tracking/metrics/points-window';
import {
  comparePlaces,
  inOrderOfTime,
  placeOf,
  type TimePlace,
} from '../../../../src/tracking/metrics/time-order';

const columns = (places: readonly TimePlace[]): PointColumns => ({
  steps: BigInt64Array.from(places, ({ step }) => step),
  values: Float64Array.from(places, ({ value }) => value),
  timestamps: BigInt64Array.from(places, ({ timestamp }) => timestamp),
});
const places = (points: PointColumns) => Array.from(points.values, (_, row) => placeOf(points, row));

/** Few of each, so that many are equal. */
const place = fc.record({
  timestamp: fc.bigInt({ min: -2n, max: 4n }),
  step: fc.bigInt({ min: -1n, max: 2n }),
  value: fc.constantFrom(NaN, -Infinity, -1, -0, 0, 1, Infinity),
});

test('every point has one place: NaN first, then numbers, -0 before 0', () => {
  const values = [1, 0, NaN, -Infinity, -0, Infinity, -1];
  const points = columns(values.map((value) => ({ timestamp: 1n, step: 1n, value })));
  const sorted = [...inOrderOfTime(points).values];
  expect(sorted.map((value) => (Object.is(value, -0) ? '-0' : String(value)))).toEqual([
    ...['NaN', '-Infinity', '-1', '-0', '0', '1', 'Infinity'],
  ]);
});

test('a window has the next points after a place, each once, in whatever order and parts they come', () => {
  const parts = fc.array(fc.array(place, { maxLength: 9 }), { maxLength: 9 });
  fc.assert(
    fc.property(parts, fc.option(place), fc.integer({ min: 1, max: 12 }), (all, after, size) => {
      const window = new PointsWindow(after, size);
      for (const part of all) window.add(columns(part));
      const sorted = all.flat().sort(comparePlaces);
      const wanted = sorted.filter(
        (one, index) =>
          (after === null || comparePlaces(one, after) > 0) &&
          (index === 0 || comparePlaces(one, sorted[index - 1] as TimePlace) !== 0),
      );
      const { points, hasLeft } = window.points();
      expect(places(points)).toEqual(wanted.slice(0, size));
      expect(hasLeft).toBe(wanted.length > size);
    }),
    { numRuns: 500 },
  );
});

test('a window that is full knows what comes too late', () => {
  const window = new PointsWindow(null, 10);
  const at = (timestamp: bigint) => columns([{ timestamp, step: 0n, value: 0 }]);
  for (let timestamp = 100n; timestamp > 50n; timestamp -= 1n) {
    expect(window.endsBefore({ timestamp: 101n, step: 0n })).toBe(timestamp <= 90n);
    window.add(at(timestamp));
  }
  expect(window.endsBefore({ timestamp: 51n, step: 0n })).toBe(false);
  expect(places(window.points().points).map(({ timestamp }) => timestamp)).toEqual([
    ...[51n, 52n, 53n, 54n, 55n, 56n, 57n, 58n, 59n, 60n],
  ]);
});
