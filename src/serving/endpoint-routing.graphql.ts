import { Field, Float, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { MAX_RULES, MAX_RULE_VALUES } from './endpoints/routing-rule';
import { DEFAULT_EPSILON, type StrategyKind } from './endpoints/strategy';

const RoutingStrategyKind = {
  WEIGHTS: 'WEIGHTS',
  EPSILON_GREEDY: 'EPSILON_GREEDY',
  THOMPSON_SAMPLING: 'THOMPSON_SAMPLING',
} as const satisfies Record<StrategyKind, StrategyKind>;
registerEnumType(RoutingStrategyKind, {
  name: 'RoutingStrategyKind',
  description:
    'How the variant that answers is chosen, where no rule applies. A `routingKey` is always split by the weights.',
  valuesConfig: {
    WEIGHTS: { description: 'By the variants’ weights.' },
    EPSILON_GREEDY: {
      description: 'By the weights for a share `epsilon` of the predictions, else the best by its feedback.',
    },
    THOMPSON_SAMPLING: {
      description:
        'Each variant as often as it may be the best, by its feedback. Variants of weight 0 are left out.',
    },
  },
});

const SAYS = {
  header: 'Name of an HTTP header or of gRPC metadata.',
  field:
    'A column of the first row, or an input of one value a row, however the question comes; else a parameter that the ' +
    'caller’s protocol carries beside tensors.',
  equals: 'The rule applies where the value is one of these, to the letter; numbers and booleans as in JSON.',
  epsilon: 'Share of the predictions that try: 0 to 1.',
};

@ObjectType('RoutingRule', { description: 'Sends callers to a variant by what they say of themselves.' })
export class RoutingRuleType {
  @Field(() => String, { nullable: true, description: SAYS.header })
  readonly header!: string | null;

  @Field(() => String, { nullable: true, description: SAYS.field })
  readonly field!: string | null;

  @Field(() => [String], { description: SAYS.equals })
  readonly equals!: readonly string[];

  @Field(() => String, { description: 'Name of the variant that answers then.' })
  readonly variant!: string;
}

@ObjectType('RoutingStrategy', { description: 'How the variant that answers is chosen.' })
export class RoutingStrategyType {
  @Field(() => RoutingStrategyKind, { description: 'By the weights, or by what feedback says.' })
  readonly kind!: StrategyKind;

  @Field(() => Float, { nullable: true, description: `${SAYS.epsilon} Null but for \`EPSILON_GREEDY\`.` })
  readonly epsilon?: number | null;
}

@InputType('RoutingRuleInput', {
  description: 'Sends callers to a variant: exactly one of header and field.',
})
export class RoutingRuleInputType {
  @Field(() => String, {
    nullable: true,
    description: `${SAYS.header} Not one that carries a secret: rules can be read.`,
  })
  readonly header?: string | null;

  @Field(() => String, { nullable: true, description: SAYS.field })
  readonly field?: string | null;

  @Field(() => [String], {
    description: `${SAYS.equals} At most ${MAX_RULE_VALUES} over all rules of an endpoint.`,
  })
  readonly equals!: readonly string[];

  @Field(() => String, {
    description: 'Name of a variant that answers; its weight may be 0, so that only the rule leads there.',
  })
  readonly variant!: string;
}

@InputType('RoutingStrategyInput', { description: 'How the variant that answers is chosen.' })
export class RoutingStrategyInputType {
  @Field(() => RoutingStrategyKind, { description: 'By the weights, or by what feedback says.' })
  readonly kind!: StrategyKind;

  @Field(() => Float, {
    nullable: true,
    description: `${SAYS.epsilon} Only for \`EPSILON_GREEDY\`; by default ${DEFAULT_EPSILON}.`,
  })
  readonly epsilon?: number | null;
}

/** Descriptions of the fields that both ways of changing an endpoint have. */
export const ROUTING_SAYS = {
  rules: `Before the strategy; the first that applies wins. At most ${MAX_RULES}. Absent: as they are.`,
  strategy: 'How the others’ variant is chosen. Absent: as it is, and by the weights for a new endpoint.',
};
