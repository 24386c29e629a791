import { drawBetaLogOdds, drawStudent, type Random } from './random-draws';
import type { Strategy } from '../endpoints/strategy';
import { draw } from './traffic-split';

/** What is known of a variant's rewards. */
export interface Rewards {
  readonly count: number;
  readonly mean: number;
  /** Sum of the squared distances from the mean. */
  readonly m2: number;
  /** Whether each of them is 0 or 1. */
  readonly isBinary: boolean;
}

export const NO_REWARDS: Rewards = { count: 0, mean: 0, m2: 0, isBinary: true };

interface Arm {
  readonly weight: number;
  readonly known: { readonly rewards: Rewards };
}

/** Rewards below which a mean is luck, and nobody is called the best for it. */
const MIN_REWARDS = 10;
/** How many rewards the others' word is worth, for a variant that has few of its own. */
const PRIOR_WEIGHT = 2;

/**
 * Whether to try or to use what is known. Pure: the rewards are what they were when they were last read.
 *
 * @param arms at least one with a positive weight; those without one are never picked
 */
export function pickLearning<A extends Arm>(
  arms: readonly A[],
  strategy: Exclude<Strategy, { readonly kind: 'WEIGHTS' }>,
  random: Random,
): A | undefined {
  const usable = arms.filter(({ weight }) => weight > 0);
  switch (strategy.kind) {
    case 'EPSILON_GREEDY':
      return epsilonGreedy(usable, strategy.epsilon, random);
    case 'THOMPSON_SAMPLING':
      return thompson(usable, random);
  }
}

/**
 * Sutton and Barto, “Reinforcement Learning”, 2018, section 2.2; it tries by weight. Whoever has too few rewards yet is
 * tried and never called the best: feedback comes late, and an unknown variant must not get everything until then. Of
 * several that are the best one is drawn by weight: where nothing was earned yet, the order of the variants says
 * nothing.
 */
function epsilonGreedy<A extends Arm>(arms: readonly A[], epsilon: number, random: Random): A | undefined {
  const best = random() < epsilon ? [] : bestOf(arms);
  return best.length === 1 ? best[0] : draw(best.length === 0 ? arms : best, random());
}

/** All with the highest mean, of those that have enough rewards. */
function bestOf<A extends Arm>(arms: readonly A[]): readonly A[] {
  const known = arms.filter(({ known: { rewards } }) => rewards.count >= MIN_REWARDS);
  const highestMean = Math.max(...known.map(({ known: { rewards } }) => rewards.mean));
  return known.filter(({ known: { rewards } }) => rewards.mean === highestMean);
}

/**
 * Thompson, “On the likelihood that one unknown probability exceeds another”, 1933: a mean is drawn for each from what
 * is believed of it, and the highest wins. For rewards of 0 and 1 beliefs are Beta distributions (Chapelle and Li, “An
 * empirical evaluation of Thompson sampling”, 2011), else Normal-Gamma ones, under which a mean is Student's t (Murphy,
 * “Conjugate Bayesian analysis of the Gaussian distribution”, 2007, section 3). Both begin at what all variants have
 * earned together, so that a new one is thought to be like the others: from an even chance it would win nearly every
 * draw against a variant that seldom earns, until its first feedback comes.
 */
function thompson<A extends Arm>(arms: readonly A[], random: Random): A | undefined {
  const all = pooled(arms.map(({ known }) => known.rewards));
  const belief = all.isBinary ? betaLogOdds : studentMean;
  return highest(arms, ({ known }) => belief(known.rewards, all, random));
}

/**
 * Of the mean: where hardly anything or nearly all is earned, the means themselves would be 0 or 1 in a double, and
 * equal.
 */
function betaLogOdds({ count, mean }: Rewards, all: Rewards, random: Random): number {
  const prior = (all.mean * all.count + 1) / (all.count + 2); // never quite 0 or 1
  const earned = mean * count;
  return drawBetaLogOdds(prior * PRIOR_WEIGHT + earned, (1 - prior) * PRIOR_WEIGHT + count - earned, random);
}

/** From κ₀ = 1, α₀ = 1, and β₀ such that the prior is as wide as all rewards are. */
function studentMean({ count, mean, m2 }: Rewards, all: Rewards, random: Random): number {
  const variance = all.count > 1 && all.m2 > 0 ? all.m2 / all.count : 1;
  const kappa = 1 + count;
  const alpha = 1 + count / 2;
  const beta = variance + m2 / 2 + (count * (mean - all.mean) ** 2) / (2 * kappa);
  const centre = (all.mean + count * mean) / kappa;
  return centre + drawStudent(2 * alpha, random) * Math.sqrt(beta / (alpha * kappa));
}

/** As of all rewards together: Chan, Golub, LeVeque, “Updating formulae and a pairwise algorithm”, 1979. */
function pooled(all: readonly Rewards[]): Rewards {
  return all.reduce((one, other) => {
    const count = one.count + other.count;
    if (count === 0) return NO_REWARDS;
    const distance = other.mean - one.mean;
    return {
      count,
      mean: one.mean + (distance * other.count) / count,
      m2: one.m2 + other.m2 + (distance ** 2 * one.count * other.count) / count,
      isBinary: one.isBinary && other.isBinary,
    };
  }, NO_REWARDS);
}

function highest<A>(arms: readonly A[], scoreOf: (arm: A) => number): A | undefined {
  let best: A | undefined;
  let bestScore = -Infinity;
  for (const arm of arms) {
    const score = scoreOf(arm);
    if (best !== undefined && !(score > bestScore)) continue;
    best = arm;
    bestScore = score;
  }
  return best;
}
