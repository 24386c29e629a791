import fc from 'fast-check';
import { chargedTime, MAX_IDLE_CHARGED_S, PaidTime } from '../../../src/monitoring/paid-time';

const WORKERS = 4;
const used = (busyMs: number) => ({ busyMs, paidMs: 0 });

test('all time of the workers is charged, however the runs are spread', () => {
  const seconds = fc.uniqueArray(fc.integer({ min: 1, max: 600 }), { minLength: 1 });
  const shares = fc.array(fc.double({ min: 0.1, max: 500, noNaN: true }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(seconds, shares, (starts, busy) => {
      const paid = new PaidTime(() => WORKERS);
      const ordered = starts.toSorted((a, b) => a - b);
      let paidMs = 0;
      for (const start of ordered) {
        const second = busy.map(used);
        paid.share(start, second);
        paidMs += second.reduce((sum, one) => sum + one.paidMs, 0);
      }
      const spanS = (ordered.at(-1) ?? 0) - (ordered[0] ?? 0) + 1;
      expect(paidMs).toBeCloseTo(spanS * 1_000 * WORKERS, 3);
    }),
  );
});

test('each is charged by its share of the time that the workers were busy', () => {
  const [small, large] = [used(10), used(30)];
  new PaidTime(() => 2).share(5, [small, large]);
  expect([small.paidMs, large.paidMs]).toEqual([500, 1_500]);
});

test('a second without runs charges nobody, and its time goes to the next that has some', () => {
  const paid = new PaidTime(() => 1);
  const idle = used(0);
  paid.share(1, [used(1)]);
  paid.share(2, [idle]);
  const next = used(1);
  paid.share(3, [next]);
  expect([idle.paidMs, next.paidMs]).toEqual([0, 2_000]);
});

test('a quiet night is charged for an hour, and a clock that went back for a second', () => {
  expect(chargedTime(40_000, 1, 1)).toBe(MAX_IDLE_CHARGED_S * 1_000);
  expect(chargedTime(-5, 1, 1)).toBe(1_000);
});

test('a run that began long before is never charged less than it took', () => {
  expect(chargedTime(1, 1, 7_000)).toBe(7_000);
});
