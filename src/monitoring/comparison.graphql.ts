import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  Int,
  ObjectType,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import type { Context } from '../kernel/context.graphql';
import { DateTimeScalar, DoubleScalar } from '../kernel/scalars.graphql';
import type { Endpoint } from '../serving/serving';
import { EndpointType } from '../serving/serving.graphql';
import {
  DEFAULT_COMPARED_MINUTES,
  MAX_COMPARED_MINUTES,
  type ComparedVariant,
  type Comparison,
  type Disagreement,
} from './comparison';
import type { VariantLatency } from './latency-window';
import type { Decision, Lift } from './lift';
import { ALPHA, MIN_REWARDS } from './lift';
import type { Monitoring } from './monitoring';
import { VariantLatencyType } from './monitoring.graphql';

/** Cost of a comparison beside its fields: a hundred thousand rewards are read, and up to a week of windows. */
const COMPARISON_COST = 200;

const ComparisonDecision = {
  TREATMENT_BETTER: 'TREATMENT_BETTER',
  CONTROL_BETTER: 'CONTROL_BETTER',
  NOT_YET: 'NOT_YET',
} as const satisfies Record<Decision, Decision>;
registerEnumType(ComparisonDecision, {
  name: 'ComparisonDecision',
  description: 'What feedback says of two variants.',
  valuesConfig: {
    TREATMENT_BETTER: { description: 'The treatment earns more: its lift is above 0 in the whole interval.' },
    CONTROL_BETTER: { description: 'The control earns more.' },
    NOT_YET: { description: 'It is not known which of them earns more.' },
  },
});

@ObjectType('ComparedVariant', {
  description: 'One side of a comparison: a variant with its version of now.',
})
class ComparedVariantType {
  @Field(() => VariantLatencyType, { description: 'Latencies, requests and errors over the whole span.' })
  readonly latency!: VariantLatency;

  @Field(() => Int, {
    description:
      'Rewards that count: of predictions that chance, and neither a rule nor a caller who asked for its version, has given to the variant.',
  })
  readonly feedback!: number;

  @Field(() => DoubleScalar, { nullable: true, description: 'Their mean. Null without any.' })
  readonly meanReward!: number | null;
}

@ObjectType('Disagreement', { description: 'How a shadow’s answers differ from those that callers got.' })
class DisagreementType {
  @Field(() => Float, { description: 'Rows whose answers were held against each other.' })
  readonly compared!: number;

  @Field(() => Float, {
    description:
      'Rows with another class; where no class is answered, with a number that is off by more than 0.1 %, and by more ' +
      'than rounding makes of the row.',
  })
  readonly disagreed!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'The one of the other, 0 to 1. Null where nothing was compared.',
  })
  readonly rate!: number | null;

  @Field(() => DoubleScalar, {
    nullable: true,
    description: 'Mean distance of the answered numbers. Null where none were compared.',
  })
  readonly meanAbsDifference!: number | null;

  @Field(() => Float, {
    description: 'Predictions that the shadow got no copy of, since it had its hands full.',
  })
  readonly dropped!: number;
}

@ObjectType('Lift', { description: 'How much more the treatment earns with a prediction than the control.' })
class LiftType {
  @Field(() => DoubleScalar, { description: 'Difference of the mean rewards.' })
  readonly difference!: number;

  @Field(() => DoubleScalar, {
    description: `Lower end of the interval that holds with ${100 * (1 - ALPHA)} % at all times at once: look as often as you like.`,
  })
  readonly lower!: number;

  @Field(() => DoubleScalar, { description: 'Upper end of it.' })
  readonly upper!: number;
}

@ObjectType('VariantComparison', { description: 'Two variants of an endpoint, held against each other.' })
class VariantComparisonType {
  @Field(() => ComparedVariantType, { description: 'The one that is challenged.' })
  readonly control!: ComparedVariant;

  @Field(() => ComparedVariantType, { description: 'The one that challenges.' })
  readonly treatment!: ComparedVariant;

  @Field(() => DisagreementType, {
    nullable: true,
    description:
      'How their answers differ, up to the last full minute. Null unless one of them is a shadow: else no question reaches both.',
  })
  readonly disagreement!: Disagreement | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'Since when predictions’ feedback counts, whatever `minutes` is: since both had some, at most 100,000 of each. Null without any.',
  })
  readonly feedbackSince!: Date | null;

  @Field(() => LiftType, {
    nullable: true,
    description:
      `What feedback says. Null with fewer than ${MIN_REWARDS} rewards on a side, or where all are the same. Each reward ` +
      'counts as one by itself: it is too sure where a few callers give most of them, and where weights were changed ' +
      'while all variants came to earn more, or less.',
  })
  readonly lift!: Lift | null;

  @Field(() => ComparisonDecision, { description: 'Whether it is known which of them earns more.' })
  readonly decided!: Decision;
}

@Resolver(() => EndpointType)
export class EndpointComparison {
  constructor(private readonly services: { readonly monitoring: Monitoring }) {}

  @FieldResolver(() => VariantComparisonType, {
    complexity: ({ childComplexity }) => COMPARISON_COST + childComplexity,
    description:
      'Holds two variants against each other: latency, errors, disagreement, and what feedback says.',
  })
  comparison(
    @Root() endpoint: Endpoint,
    @Arg('control', () => String, { description: 'Name of the variant that is challenged.' }) control: string,
    @Arg('treatment', () => String, { description: 'Name of the one that challenges.' }) treatment: string,
    @Arg('minutes', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_COMPARED_MINUTES,
      description: `How far latencies, errors and disagreement go back: 1 to ${MAX_COMPARED_MINUTES}.`,
    })
    minutes: number | null,
    @Ctx() { actor }: Context,
  ): Promise<Comparison> {
    const span = { minutes: minutes ?? DEFAULT_COMPARED_MINUTES };
    return this.services.monitoring.comparison(actor, { endpoint, control, treatment, ...span });
  }
}
