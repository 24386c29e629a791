import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type { HealthState } from './routing/variant-health';

const VariantHealthState = {
  HEALTHY: 'HEALTHY',
  RESTING: 'RESTING',
  ON_TRIAL: 'ON_TRIAL',
  WAITING: 'WAITING',
} as const satisfies Record<HealthState, HealthState>;
registerEnumType(VariantHealthState, {
  name: 'VariantHealthState',
  description: 'Whether a variant gets traffic.',
  valuesConfig: {
    HEALTHY: { description: 'It gets its share.' },
    RESTING: {
      description: 'It has failed several times in a row: its share goes to the others for a while.',
    },
    ON_TRIAL: {
      description: 'It has rested: one prediction tries it, which brings its share back, or its rest.',
    },
    WAITING: {
      description:
        'The version that it leads to is being loaded, or cannot be. What ran before goes on; where there was none, callers hear why. `reason` says which.',
    },
  },
});

@ObjectType('VariantHealth', { description: 'How a variant is doing, as one server process sees it.' })
export class VariantHealthType {
  @Field(() => VariantHealthState, { description: 'Whether it gets traffic.' })
  readonly state!: HealthState;

  @Field(() => String, { nullable: true, description: 'Why it failed last. Null where it is healthy.' })
  readonly reason!: string | null;

  @Field(() => DateTimeScalar, { description: 'Since when it is in this state.' })
  readonly since!: Date;
}
