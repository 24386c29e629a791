import {
  Arg,
  createUnionType,
  Field,
  Float,
  ID,
  Int,
  ObjectType,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { requires } from '../auth/auth';
import type { Context } from '../kernel/context.graphql';
import type { Typed } from '../kernel/node.graphql';
import { BigIntScalar, DateTimeScalar } from '../kernel/scalars.graphql';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import type { Door } from '../serving/serving';
import type { Monitoring, PredictionStreamEvent } from './monitoring';
import { PredictionDoor } from './monitoring.graphql';
import { DEFAULT_SAMPLES_PER_SECOND, MAX_SAMPLES_PER_SECOND } from './prediction-stream';

@ObjectType('PredictionStreamOpened', { description: 'From now on predictions are watched.' })
class PredictionStreamOpenedType {
  @Field(() => DateTimeScalar, { description: 'When the stream was opened.' })
  readonly at!: Date;

  @Field(() => Float, { description: 'Share of the predictions that is shown, by chance.' })
  readonly sampleRate!: number;

  @Field(() => Int, { description: 'Most that are shown in a second.' })
  readonly maxPerSecond!: number;
}

@ObjectType('PredictionSample', { description: 'One prediction, answered or refused.' })
class PredictionSampleType {
  @Field(() => DateTimeScalar, { description: 'When it was answered.' })
  readonly at!: Date;

  @Field(() => BigIntScalar, {
    description:
      'How many predictions the stream has seen, this one included: the step from the sample before tells how many were left out.',
  })
  readonly ordinal!: bigint;

  @Field(() => ID, { nullable: true, description: 'Id of the prediction; null where it was refused.' })
  readonly predictionId!: string | null;

  @Field(() => PredictionDoor, { description: 'The door by which it was asked.' })
  readonly door!: Door;

  @Field(() => String, { description: 'Name of the variant that was asked.' })
  readonly variant!: string;

  @Field(() => Boolean, { description: 'Whether it is a copy that a shadow got, and no caller’s answer.' })
  readonly shadow!: boolean;

  @Field(() => ModelVersionType, { description: 'The version that was asked.' })
  readonly version!: ModelVersion;

  @Field(() => String, {
    nullable: true,
    description:
      'Why it was refused, for example `invalid-input`, `overloaded`, `deadline`; null where it was answered.',
  })
  readonly error!: string | null;

  @Field(() => Int, { description: 'Rows that were asked for; 0 where the question was refused.' })
  readonly rows!: number;

  @Field(() => Int, {
    description: 'Rows, of all callers, that were computed together; 0 where nothing was run.',
  })
  readonly batchSize!: number;

  @Field(() => Boolean, { description: 'Whether the answer was remembered.' })
  readonly cached!: boolean;

  @Field(() => Boolean, { description: 'Whether it was computed for another caller who asked the same.' })
  readonly coalesced!: boolean;

  @Field(() => Float, {
    nullable: true,
    description: 'Milliseconds from the bytes to the question; null where the door has not measured it.',
  })
  readonly parseMs!: number | null;

  @Field(() => Float, { description: 'Milliseconds of waiting for a batch and a worker.' })
  readonly queueMs!: number;

  @Field(() => Float, { description: 'Milliseconds inside the model, for the whole batch.' })
  readonly computeMs!: number;

  @Field(() => Float, { description: 'Milliseconds from the question to the answer.' })
  readonly totalMs!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'The first values of the question as JSON, some 2,000 characters; values sent in bytes are only counted. Null unless `includeInputs` is set, and where the question could not be read.',
  })
  readonly inputs!: string | null;
}

const PredictionStreamEventType = createUnionType({
  name: 'PredictionStreamEvent',
  description: 'What `predictionStream` tells: that it is open, then predictions.',
  types: () => [PredictionStreamOpenedType, PredictionSampleType] as const,
  resolveType: (event: object) => (event as Typed).__typename,
});

interface PredictionStreamArguments {
  readonly endpoint: string;
  readonly sampleRate: number;
  readonly maxPerSecond: number;
  readonly includeInputs: boolean;
}
/** The way in: `subscribe` is called without a resolver's instance, so it finds the front door in the context. */
type SubscriptionContext = Context & { readonly services: { readonly monitoring: Monitoring } };

@Resolver()
export class PredictionSubscriptions {
  @Subscription(() => PredictionStreamEventType, {
    description:
      'Watches single predictions of an endpoint while they are answered, until it is deleted: those that the process of ' +
      'this socket answers. ' +
      'Nothing is kept: whoever is too slow goes on with the newest.',
    subscribe: ({ args, context }) => {
      const request: unknown = args;
      const { services, actor } = context as SubscriptionContext;
      return services.monitoring.predictionStream(actor, request as PredictionStreamArguments);
    },
  })
  predictionStream(
    @Arg('endpoint', () => String, { description: 'Name of the endpoint.' }) _endpoint: string,
    @Arg('sampleRate', () => Float, {
      defaultValue: 1,
      description: 'Share of the predictions to show, by chance: more than 0, at most 1.',
    })
    _sampleRate: number,
    @Arg('maxPerSecond', () => Int, {
      defaultValue: DEFAULT_SAMPLES_PER_SECOND,
      description: `Most to show in a second: 1 to ${MAX_SAMPLES_PER_SECOND}. More than that are left out, evenly.`,
    })
    _maxPerSecond: number,
    @Arg('includeInputs', () => Boolean, {
      defaultValue: false,
      description: `Whether to show the first values of each question. ${requires('endpoint:inspect')}`,
    })
    _includeInputs: boolean,
    @Root() event: PredictionStreamEvent,
  ) {
    return { ...event, __typename: event.kind };
  }
}
