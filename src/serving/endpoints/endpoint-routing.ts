import type { InputCheck } from '../../kernel/input-check';
import { checkRules, type RoutingRule, type RoutingRuleInput } from './routing-rule';
import { BY_WEIGHTS, checkStrategy, type Strategy, type StrategyInput } from './strategy';

/** How an endpoint chooses among its variants. */
export interface EndpointRouting {
  /** Before the strategy; the first that applies wins. */
  readonly rules: readonly RoutingRule[];
  readonly strategy: Strategy;
}

/** What a caller says of it; what is absent stays as it is. */
export interface EndpointRoutingInput {
  readonly rules?: readonly RoutingRuleInput[] | null;
  readonly strategy?: StrategyInput | null;
}

/** As it is kept: what nobody has said follows the defaults. */
export type GivenRouting = Partial<EndpointRouting>;

export const completeRouting = ({ rules, strategy }: GivenRouting): EndpointRouting => ({
  rules: rules ?? [],
  strategy: strategy ?? BY_WEIGHTS,
});

/** What the caller said; what is wrong with it goes to `check`. */
export const checkRouting = (check: InputCheck, { rules, strategy }: EndpointRoutingInput): GivenRouting => ({
  ...(rules && { rules: checkRules(check, rules) }),
  ...(strategy && { strategy: checkStrategy(check, strategy) }),
});
