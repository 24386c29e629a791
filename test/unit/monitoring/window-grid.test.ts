import fc from 'fast-check';
import {
  completeUntil,
  FINE_RANGE_MS,
  gridSince,
  MINUTES_KEPT_MS,
  SETTLE_MS,
} from '../../../src/monitoring/window-grid';

const NOW = 1_800_000_123_456;

test('a window is complete some time after its end, not before', () => {
  expect(completeUntil(10_000 + SETTLE_MS - 1, 1_000)).toBe(9_000);
  expect(completeUntil(10_000 + SETTLE_MS, 1_000)).toBe(10_000);
  expect(completeUntil(119_999, 60_000)).toBe(60_000);
});

test('never more windows than asked for, and never a gap', () => {
  const ageMs = fc.integer({ min: -10_000, max: 2 * MINUTES_KEPT_MS });
  fc.assert(
    fc.property(ageMs, fc.integer({ min: 1, max: 1_000 }), (age, maxPoints) => {
      const grid = gridSince(NOW - age, maxPoints, NOW);
      if (!grid) return expect(age).toBeLessThan(2_000 + SETTLE_MS);
      expect(Math.ceil((grid.untilMs - grid.fromMs) / grid.widthMs)).toBeLessThanOrEqual(maxPoints);
      expect(grid.fromMs).toBeLessThanOrEqual(Math.max(NOW - age, NOW - MINUTES_KEPT_MS));
      const isCoarse = grid.secondsFromMs > grid.fromMs;
      const base = isCoarse ? 60_000 : 1_000;
      for (const edge of [grid.fromMs, grid.widthMs, grid.secondsFromMs]) expect(edge % base).toBe(0);
      expect(isCoarse).toBe(grid.untilMs - (NOW - age) > FINE_RANGE_MS);
    }),
  );
});

test('what begins now or later has no windows yet', () => {
  expect(gridSince(NOW, 300, NOW)).toBeNull();
  expect(gridSince(NOW + 1e9, 300, NOW)).toBeNull();
});
