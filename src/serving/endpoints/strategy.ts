import type { InputCheck } from '../../kernel/input-check';

/**
 * How the variant that answers is chosen. `WEIGHTS`: by the variants' weights. `EPSILON_GREEDY`: by the weights for a
 * share `epsilon` of the predictions, else whichever has earned the best rewards. `THOMPSON_SAMPLING`: each as often as
 * it may be the best, by what is known.
 */
export type Strategy =
  | { readonly kind: 'WEIGHTS' }
  | { readonly kind: 'EPSILON_GREEDY'; readonly epsilon: number }
  | { readonly kind: 'THOMPSON_SAMPLING' };
export type StrategyKind = Strategy['kind'];

/** What a caller says of it. */
export interface StrategyInput {
  readonly kind: StrategyKind;
  readonly epsilon?: number | null;
}

export const BY_WEIGHTS: Strategy = { kind: 'WEIGHTS' };
/** One prediction in ten tries something: what is usual, and little enough to afford. */
export const DEFAULT_EPSILON = 0.1;

/** Whether it learns from feedback. */
export const learns = ({ kind }: Strategy): boolean => kind !== 'WEIGHTS';

/** The strategy as it is kept; what is wrong with it goes to `check`. */
export function checkStrategy(check: InputCheck, { kind, epsilon }: StrategyInput): Strategy {
  const isGiven = epsilon !== null && epsilon !== undefined;
  if (kind !== 'EPSILON_GREEDY') {
    if (isGiven) check.add('strategy.epsilon', `nothing, for ${kind}`, String(epsilon));
    return { kind };
  }
  if (isGiven && !(epsilon >= 0 && epsilon <= 1))
    check.add('strategy.epsilon', 'a number from 0 to 1', String(epsilon));
  return { kind, epsilon: epsilon ?? DEFAULT_EPSILON };
}
