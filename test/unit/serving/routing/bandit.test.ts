import { NO_REWARDS, pickLearning, type Rewards } from '../../../../src/serving/routing/bandit';
import { drawNormal, type Random } from '../../../../src/serving/routing/random-draws';
import type { Strategy } from '../../../../src/serving/endpoints/strategy';
import { seededRandom } from '../../../support/seeded-random';

type Learning = Exclude<Strategy, { kind: 'WEIGHTS' }>;
const THOMPSON: Learning = { kind: 'THOMPSON_SAMPLING' };
const greedy = (epsilon: number): Learning => ({ kind: 'EPSILON_GREEDY', epsilon });

interface Arm {
  readonly name: string;
  readonly weight: number;
  readonly known: { rewards: Rewards };
}
const arm = (name: string, rewards: Rewards = NO_REWARDS, weight = 1): Arm => ({
  name,
  weight,
  known: { rewards },
});
/** `successes` ones among `count` rewards of 0 and 1. */
const binary = (count: number, successes: number): Rewards => {
  const mean = count === 0 ? 0 : successes / count;
  return { count, mean, m2: count * mean * (1 - mean), isBinary: true };
};
const real = (count: number, mean: number, variance: number): Rewards => ({
  count,
  mean,
  m2: count * variance,
  isBinary: false,
});
const plus = ({ count, mean, m2, isBinary }: Rewards, reward: number): Rewards => {
  const next = mean + (reward - mean) / (count + 1);
  return {
    count: count + 1,
    mean: next,
    m2: m2 + (reward - mean) * (reward - next),
    isBinary: isBinary && (reward === 0 || reward === 1),
  };
};

/** How often each is picked, of 10,000. */
function sharesOf(arms: readonly Arm[], strategy: Learning, seed = 1): Record<string, number> {
  const random = seededRandom(seed);
  const shares: Record<string, number> = {};
  for (let count = 0; count < 10_000; count += 1) {
    const name = pickLearning(arms, strategy, random)?.name ?? 'nobody';
    shares[name] = (shares[name] ?? 0) + 1e-4;
  }
  return shares;
}

describe('ε-greedy', () => {
  const arms = [arm('weak', binary(100, 20), 3), arm('strong', binary(100, 30), 1)];

  test('uses the best, and tries by weight for a share of ε', () => {
    const { weak, strong } = sharesOf(arms, greedy(0.2));
    expect(weak).toBeCloseTo(0.2 * 0.75, 1);
    expect(strong).toBeCloseTo(0.8 + 0.2 * 0.25, 1);
  });

  test('with ε = 0 never tries, with ε = 1 always', () => {
    expect(sharesOf(arms, greedy(0))).toEqual({ strong: expect.closeTo(1, 6) });
    expect(sharesOf(arms, greedy(1)).weak).toBeCloseTo(0.75, 1);
  });

  test('calls nobody the best for a few lucky rewards', () => {
    const shares = sharesOf([arm('known', binary(100, 20)), arm('lucky', binary(9, 9))], greedy(0.1));
    expect(shares.known).toBeGreaterThan(0.9);
  });

  test('of several that are the best, draws one by weight', () => {
    const { first } = sharesOf(
      [arm('first', binary(500, 0), 1), arm('second', binary(500, 0), 3)],
      greedy(0.1),
    );
    expect(first).toBeCloseTo(0.25, 1);
  });

  test('goes by weight while nothing is known', () => {
    expect(sharesOf([arm('a', NO_REWARDS, 3), arm('b')], greedy(0.1)).a).toBeCloseTo(0.75, 1);
  });
});

describe('Thompson sampling', () => {
  test('shares evenly while nothing is known', () => {
    expect(sharesOf([arm('a'), arm('b')], THOMPSON).a).toBeCloseTo(0.5, 1);
  });

  test.each<[string, Rewards, Rewards]>([
    ['nothing', binary(5_000, 0), binary(5_000, 0)],
    ['nothing, and one of them was asked more often', binary(5_000, 0), binary(500, 0)],
    ['everything', binary(5_000, 5_000), binary(5_000, 5_000)],
  ])('shares evenly where both have earned %s', (_what, first, second) => {
    expect(sharesOf([arm('first', first), arm('second', second)], THOMPSON).first).toBeCloseTo(0.5, 1);
  });

  test.each<[string, Rewards, Rewards]>([
    ['rewards of 0 and 1', binary(2_000, 1_000), binary(2_000, 1_200)],
    ['real rewards', real(2_000, 3, 4), real(2_000, 3.5, 4)],
    ['a reward that is not 0 or 1 somewhere', binary(2_000, 1_000), real(2_000, 0.6, 0.2)],
  ])('leaves what is surely worse, for %s', (_what, weak, strong) => {
    expect(sharesOf([arm('weak', weak), arm('strong', strong)], THOMPSON).strong).toBeGreaterThan(0.99);
  });

  test('still tries what may be better', () => {
    const { weak } = sharesOf([arm('weak', binary(20, 9)), arm('strong', binary(20, 11))], THOMPSON);
    expect(weak).toBeGreaterThan(0.1);
    expect(weak).toBeLessThan(0.5);
  });

  test.each<[string, Rewards]>([
    ['seldom earns', binary(5_000, 100)],
    ['earns real rewards', real(5_000, 20, 9)],
  ])('a new variant gets a share beside one that %s, and not nearly all', (_what, known) => {
    const { newcomer } = sharesOf([arm('known', known), arm('newcomer')], THOMPSON);
    expect(newcomer).toBeGreaterThan(0.05);
    expect(newcomer).toBeLessThan(0.6);
  });

  test('rewards that are all the same are no reason to stop trying', () => {
    const { untried } = sharesOf([arm('tried', real(50, 2, 0)), arm('untried')], THOMPSON);
    expect(untried).toBeGreaterThan(0.2);
  });
});

test.each([THOMPSON, greedy(0.5)])('$kind never picks a variant without weight', (strategy) => {
  const arms = [arm('off', binary(100, 100), 0), arm('on', binary(100, 1))];
  expect(sharesOf(arms, strategy)).toEqual({ on: expect.closeTo(1, 6) });
});

/**
 * A problem with two arms, of which the second is better by `gap`: what was lost against always picking it.
 *
 * @param delay picks after which rewards are heard of, all at once
 */
function regretOf(
  strategy: Learning,
  rewards: readonly ((random: Random) => number)[],
  { picks, gap, delay, seed }: { picks: number; gap: number; delay: number; seed: number },
): number {
  const random = seededRandom(seed);
  const arms = rewards.map((_reward, place) => arm(String(place)));
  let heard: [Arm, number][] = [];
  let regret = 0;
  for (let pick = 1; pick <= picks; pick += 1) {
    const picked = pickLearning(arms, strategy, random);
    if (!picked) throw new Error('Nobody was picked.');
    if (picked !== arms[1]) regret += gap;
    heard.push([picked, rewards[arms.indexOf(picked)]?.(random) ?? NaN]);
    if (pick % delay !== 0) continue;
    for (const [one, reward] of heard) one.known.rewards = plus(one.known.rewards, reward);
    heard = [];
  }
  return regret;
}
const coin = (p: number) => (random: Random) => Number(random() < p);
const bell = (mean: number) => (random: Random) => mean + drawNormal(random);
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const meanRegret = (regret: (seed: number) => number) =>
  SEEDS.reduce((sum, seed) => sum + regret(seed), 0) / SEEDS.length;

describe.each([1, 100])('over 5,000 predictions, with feedback after every %d', (delay) => {
  // Picking blindly loses 250, half of what can be lost.
  const coins = { picks: 5_000, gap: 0.1, delay };
  test('Thompson sampling loses little with rewards of 0 and 1', () => {
    expect(meanRegret((seed) => regretOf(THOMPSON, [coin(0.4), coin(0.5)], { ...coins, seed }))).toBeLessThan(
      60,
    );
  });

  test('Thompson sampling loses little with real rewards', () => {
    // Blindly: 1,250.
    const problem = { picks: 5_000, gap: 0.5, delay };
    expect(meanRegret((seed) => regretOf(THOMPSON, [bell(7), bell(7.5)], { ...problem, seed }))).toBeLessThan(
      120,
    );
  });

  test('ε-greedy loses what it tries, and some luck at the beginning', () => {
    const regret = meanRegret((seed) => regretOf(greedy(0.1), [coin(0.4), coin(0.5)], { ...coins, seed }));
    expect(regret).toBeLessThan(60);
    expect(regret).toBeGreaterThan(20); // half of 10 % of 5,000 tries at 0.1 each: it never stops
  });
});
