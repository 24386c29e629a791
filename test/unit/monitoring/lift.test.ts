import { ALPHA, decisionOf, liftOf, MIN_REWARDS, type RewardFacts } from '../../../src/monitoring/lift';
import { seededRandom } from '../../support/seeded-random';

type Draw = (random: () => number) => number;
const coin =
  (p: number): Draw =>
  (random) =>
    Number(random() < p);
/** Squares, and so a long tail: mean 2, and now and then 20. */
const skewed: Draw = (random) => Math.log(1 - random()) ** 2;

const NONE: RewardFacts = { count: 0, mean: 0, m2: 0, min: null, max: null };
const plus = ({ count, mean, m2, min, max }: RewardFacts, reward: number): RewardFacts => {
  const next = mean + (reward - mean) / (count + 1);
  return {
    count: count + 1,
    mean: next,
    m2: m2 + (reward - mean) * (reward - next),
    min: Math.min(min ?? reward, reward),
    max: Math.max(max ?? reward, reward),
  };
};
const binary = (count: number, successes: number): RewardFacts => {
  const mean = successes / count;
  return { count, mean, m2: count * mean * (1 - mean), min: 0, max: 1 };
};

describe('an interval', () => {
  test('for two equal variants is the paper’s, with one more variant in the product', () => {
    const facts = { ...binary(1_000, 500), m2: 250 };
    const { difference, lower, upper } = liftOf(facts, facts) ?? { difference: NaN, lower: NaN, upper: NaN };
    const rhoSquared = 4.749 / 1_000; // x = log(20) + log(1 + x)
    const grown = 1_000 * rhoSquared + 1;
    const spread = (2 * 0.25 * grown) / (1_000 ** 2 * rhoSquared);
    const expected = Math.sqrt(spread * Math.log(grown ** 2 / ALPHA ** 2));
    expect(difference).toBe(0);
    expect(upper / expected).toBeCloseTo(1, 2);
    expect(lower).toBeCloseTo(-upper, 12);
  });

  test('shrinks with more rewards', () => {
    const widths = [100, 1_000, 10_000, 100_000].map((count) => {
      const lift = liftOf(binary(count, count / 2), binary(count, count / 2));
      return lift ? lift.upper - lift.lower : NaN;
    });
    expect(widths).toEqual(widths.toSorted((one, other) => other - one));
    expect((widths[2] ?? NaN) / (widths[3] ?? NaN)).toBeGreaterThan(2.5); // a little less than the root of ten
  });

  test.each<[string, RewardFacts, RewardFacts]>([
    ['without rewards', NONE, NONE],
    ['with too few on one side', binary(MIN_REWARDS - 1, 50), binary(10_000, 5_000)],
    ['where all rewards are the same', { ...binary(500, 500), min: 1 }, { ...binary(500, 500), min: 1 }],
  ])('is not there %s', (_what, control, treatment) => {
    expect(liftOf(control, treatment)).toBeNull();
    expect(decisionOf(liftOf(control, treatment))).toBe('NOT_YET');
  });

  test('does not take what is rare for impossible', () => {
    // Both earn once in a hundred; by chance one has not yet.
    expect(decisionOf(liftOf(binary(150, 0), binary(150, 4)))).toBe('NOT_YET');
  });
});

test.each<[RewardFacts, RewardFacts, string]>([
  [binary(1_000, 400), binary(1_000, 600), 'TREATMENT_BETTER'],
  [binary(1_000, 600), binary(1_000, 400), 'CONTROL_BETTER'],
  [binary(1_000, 500), binary(1_000, 520), 'NOT_YET'],
  [binary(1_000, 0), binary(1_000, 1_000), 'TREATMENT_BETTER'],
])('%j against %j: %s', (control, treatment, decision) => {
  expect(decisionOf(liftOf(control, treatment))).toBe(decision);
});

describe('looked at again and again', () => {
  const REPETITIONS = 120;
  /** Share of experiments in which the interval has ever missed the truth. */
  function missesOf(
    draws: readonly [Draw, Draw],
    truth: number,
    next: (facts: readonly RewardFacts[], random: () => number) => number,
  ): number {
    let missed = 0;
    for (let seed = 1; seed <= REPETITIONS; seed += 1) {
      const random = seededRandom(seed * 7_919);
      const facts: [RewardFacts, RewardFacts] = [NONE, NONE];
      for (let rewards = 1; rewards <= 2_500; rewards += 1) {
        const arm = next(facts, random) === 0 ? 0 : 1;
        facts[arm] = plus(facts[arm], draws[arm](random));
        const lift = rewards % 5 === 0 ? liftOf(...facts) : null;
        if (!lift || (lift.lower <= truth && truth <= lift.upper)) continue;
        missed += 1;
        break;
      }
    }
    return missed / REPETITIONS;
  }
  const share = (ofTreatment: number) => (_facts: unknown, random: () => number) =>
    Number(random() < ofTreatment);
  /** Nearly always the one that looks better: what a strategy that learns does. */
  const greedy = ([control, treatment]: readonly RewardFacts[], random: () => number) =>
    random() < 0.2 || !control || !treatment || control.count === 0 || treatment.count === 0
      ? Number(random() < 0.5)
      : Number(treatment.mean > control.mean);

  test.each<[string, [Draw, Draw], number, (facts: readonly RewardFacts[], random: () => number) => number]>([
    ['even coins', [coin(0.5), coin(0.5)], 0, share(0.5)],
    ['coins that differ', [coin(0.3), coin(0.4)], 0.1, share(0.5)],
    ['rare successes, a tenth of the traffic', [coin(0.02), coin(0.02)], 0, share(0.1)],
    ['long tails', [skewed, skewed], 0, share(0.5)],
    ['a strategy that learns', [coin(0.5), coin(0.5)], 0, greedy],
  ])('it misses seldom: %s', (_what, draws, truth, next) => {
    // 0.05 is allowed; of 120 experiments three standard errors are 0.06. With the usual interval (1.96 errors) it is
    // 0.2 to 0.36.
    expect(missesOf(draws, truth, next)).toBeLessThan(ALPHA + 0.03);
  });
});
