import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../auth/auth';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import type { Typed } from '../kernel/node.graphql';
import { DateTimeScalar, DoubleScalar, JsonScalar } from '../kernel/scalars.graphql';
import {
  answer,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
  UserErrorType,
} from '../kernel/user-error.graphql';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import { MAX_FEEDBACK, type Feedback } from './feedback/feedback';
import type { Endpoint, Serving } from './serving';
import { EndpointType } from './serving.graphql';

@InputType('RecordFeedbackInput', { description: 'What came of a prediction.' })
class RecordFeedbackInput {
  @Field(() => ID, {
    description: '`predictionId` of a prediction through an endpoint, of the last 31 days.',
  })
  readonly predictionId!: string;

  @Field(() => DoubleScalar, {
    description: 'How good the prediction was: 1 or 0, money, minutes. More is better.',
  })
  readonly reward!: number;

  @Field(() => JsonScalar, {
    nullable: true,
    description: 'What would have been right, in JSON: at most 10,000 characters.',
  })
  readonly truth?: unknown;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Correct what was recorded before. Else the first feedback stands, and another one is refused.',
  })
  readonly replace?: boolean | null;
}

@InputType('RecordFeedbackManyInput', { description: 'What came of several predictions.' })
class RecordFeedbackManyInput {
  @Field(() => [RecordFeedbackInput], {
    description: `Feedback, at most ${MAX_FEEDBACK}, each of another prediction. One that is refused leaves the others alone.`,
  })
  readonly feedback!: readonly RecordFeedbackInput[];
}

@ObjectType('Feedback', { description: 'What came of a prediction.' })
class FeedbackType {
  @Field(() => ID, { description: 'Id of the prediction.' })
  readonly predictionId!: string;

  @Field(() => String, { description: 'The endpoint’s variant that had answered.' })
  readonly variant!: string;

  @Field(() => DoubleScalar, { description: 'How good the prediction was.' })
  readonly reward!: number;

  @Field(() => JsonScalar, { nullable: true, description: 'What would have been right.' })
  readonly truth!: unknown;

  @Field(() => DateTimeScalar, { description: 'When it was predicted.' })
  readonly predictedAt!: Date;
}

@ObjectType('FeedbackConflictError', {
  implements: UserErrorType,
  description: 'The prediction has other feedback already. Nothing was changed.',
})
class FeedbackConflictErrorType extends UserErrorType {
  @Field(() => DoubleScalar, { description: 'The reward that is recorded.' })
  readonly reward!: number;
}

@ObjectType('RecordFeedbackSuccess', { description: 'The feedback is recorded.' })
class RecordFeedbackSuccess {
  @Field(() => FeedbackType, { description: 'What is recorded now.' })
  readonly feedback!: Feedback;

  @Field(() => Boolean, { description: 'False where the prediction had feedback before.' })
  readonly created!: boolean;
}

const RecordFeedbackResult = resultUnion('RecordFeedbackResult', [
  RecordFeedbackSuccess,
  FeedbackConflictErrorType,
  NotFoundErrorType,
  InvalidInputErrorType,
]);

@ObjectType('RecordFeedbackManySuccess', { description: 'What became of each.' })
class RecordFeedbackManySuccess {
  @Field(() => [RecordFeedbackResult], {
    complexity: listComplexity,
    description: 'What became of each, in their order.',
  })
  readonly results!: readonly Typed[];
}

const RecordFeedbackManyResult = resultUnion('RecordFeedbackManyResult', [
  RecordFeedbackManySuccess,
  InvalidInputErrorType,
]);

@Resolver(() => FeedbackType)
export class FeedbackOperations {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @Mutation(() => RecordFeedbackResult, {
    description: `Records what came of a prediction, once. ${requires('endpoint:predict')}`,
  })
  async recordFeedback(
    @Arg('input', () => RecordFeedbackInput, { description: 'Which prediction, and how good it was.' })
    input: RecordFeedbackInput,
    @Ctx() { actor }: Context,
  ): Promise<Typed> {
    return answer('RecordFeedbackSuccess', await this.services.serving.recordFeedback(actor, input));
  }

  @Mutation(() => RecordFeedbackManyResult, {
    description: `Records what came of several predictions. ${requires('endpoint:predict')}`,
  })
  async recordFeedbackMany(
    @Arg('input', () => RecordFeedbackManyInput, { description: 'The feedback.' })
    { feedback }: RecordFeedbackManyInput,
    @Ctx() { actor }: Context,
  ): Promise<Typed> {
    const recorded = await this.services.serving.recordFeedbackMany(actor, feedback);
    if (!recorded.ok) return answer('RecordFeedbackManySuccess', recorded);
    const results = recorded.results.map((result) => answer('RecordFeedbackSuccess', result));
    return answer('RecordFeedbackManySuccess', { ok: true, results });
  }

  /** Feedback comes up to a month later. */
  @FieldResolver(() => EndpointType, {
    nullable: true,
    description: 'The endpoint that was asked. Null where it was deleted since.',
  })
  endpoint(@Root() { endpointId }: Feedback, @Ctx() { loaders }: Context): Promise<Endpoint | null> {
    return loaders.endpoint.load(endpointId);
  }

  @FieldResolver(() => ModelVersionType, { description: 'The version that had answered.' })
  async version(@Root() { versionId }: Feedback, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    const version = await loaders.modelVersion.load(versionId);
    if (!version) throw new Error('A version that has answered is never deleted.');
    return version;
  }
}
