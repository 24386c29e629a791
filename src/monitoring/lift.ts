/** Probability that an interval is ever wrong, at any of the times it is looked at; what is usual. */
export const ALPHA = 0.05;
/** Rewards of each variant below which nothing is said: the theory is about large numbers. */
export const MIN_REWARDS = 100;
/** Rewards of each variant at which the interval is as narrow as it can be made; at others it is a little wider. */
const TUNED_FOR = 1_000;

/** What is known of a variant's rewards. */
export interface RewardFacts {
  readonly count: number;
  readonly mean: number;
  /** Sum of the squared distances from the mean. */
  readonly m2: number;
  /** Null where there is none. */
  readonly min: number | null;
  readonly max: number | null;
}

/**
 * How much better the treatment is, and between which bounds that is at all times, but for a probability of `ALPHA`.
 */
export interface Lift {
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
}
export type Decision = 'TREATMENT_BETTER' | 'CONTROL_BETTER' | 'NOT_YET';

/**
 * The difference of two means with an interval that holds at all times at once, so that it may be looked at as often as
 * one likes, and stopped by what it shows. It is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha,
 * Kennedy and Ramdas, “Time-uniform central limit theory and asymptotic confidence sequences”, 2021, theorem 2.2, whose
 * half-width for one mean of n values with deviation σ is
 *
 *   σ · √( (nρ² + 1) / (n²ρ²) · log( (nρ² + 1) / α² ) ).
 *
 * It comes from a martingale, mixed by a normal distribution of variance ρ², staying below 1/α. For two variants the
 * product of their martingales does, whichever of them gets the next prediction and why; so the interval also holds
 * while the weights are changed, and with a strategy that learns. Both means must stay what they are meanwhile, and no
 * reward say anything of another (`DECISIONS.md`, “What a lift takes for granted”). The half-width of the difference is
 * the largest that the product allows: √( (k₁ + k₂) · log( (n₁ρ² + 1)(n₂ρ² + 1) / α² ) ), with k = σ²(nρ² + 1) / (n²ρ²)
 * of each.
 *
 * @returns null where there are too few rewards, or all are the same
 */
export function liftOf(control: RewardFacts, treatment: RewardFacts): Lift | null {
  if (control.count < MIN_REWARDS || treatment.count < MIN_REWARDS) return null;
  const lowest = Math.min(control.min ?? NaN, treatment.min ?? NaN);
  const highest = Math.max(control.max ?? NaN, treatment.max ?? NaN);
  if (!(lowest < highest)) return null;
  const spread = [control, treatment].reduce((sum, facts) => {
    const { count } = facts;
    const grown = count * RHO_SQUARED + 1;
    return sum + (cautiousVariance(facts, lowest, highest) * grown) / (count ** 2 * RHO_SQUARED);
  }, 0);
  const grown = (control.count * RHO_SQUARED + 1) * (treatment.count * RHO_SQUARED + 1);
  const halfWidth = Math.sqrt(spread * Math.log(grown / ALPHA ** 2));
  const difference = treatment.mean - control.mean;
  return { difference, lower: difference - halfWidth, upper: difference + halfWidth };
}

export function decisionOf(lift: Lift | null): Decision {
  if (lift && lift.lower > 0) return 'TREATMENT_BETTER';
  if (lift && lift.upper < 0) return 'CONTROL_BETTER';
  return 'NOT_YET';
}

/**
 * As if the variant had also seen the smallest and the largest reward of both, once: rewards that are rare, such as 1
 * of 100 callers who buy, would else seem to be certain as long as there was none (after Agresti and Coull,
 * “Approximate is better than ‘exact’ for interval estimation of binomial proportions”, 1998).
 */
function cautiousVariance({ count, mean, m2 }: RewardFacts, lowest: number, highest: number): number {
  const all = count + 2;
  const centre = (count * mean + lowest + highest) / all;
  const squares = m2 + count * (mean - centre) ** 2 + (lowest - centre) ** 2 + (highest - centre) ** 2;
  return squares / all;
}

/** The ρ² with the narrowest interval at `TUNED_FOR` rewards of each: x = nρ² solves x = log(1/α) + log(1 + x). */
const RHO_SQUARED = (() => {
  let x = 1;
  for (let step = 0; step < 100; step += 1) x = Math.log(1 / ALPHA) + Math.log(1 + x); // contracts: its slope is below 1/2
  return x / TUNED_FOR;
})();
