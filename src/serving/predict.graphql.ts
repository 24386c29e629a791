import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../auth/auth';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { refuse } from '../kernel/errors';
import { InputCheck } from '../kernel/input-check';
import type { Typed } from '../kernel/node.graphql';
import { JsonObjectScalar, TensorScalar } from '../kernel/scalars.graphql';
import type { TensorInput } from '../kernel/tensors/tensor-input';
import {
  answer,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
  UserErrorType,
} from '../kernel/user-error.graphql';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import type { PredictResult, PredictSuccess, Priority, Serving } from './serving';
import { jsonGap } from './values/json-gap';
import { tensorToJson, type TensorJson } from './values/tensor-json';

declare module '../kernel/context.graphql' {
  interface Context {
    /** Told of each question before it is asked, and what came of it; absent where nobody measures or lends memory. */
    predicting?(inputs: readonly TensorInput[] | null | undefined): void;
    predicted?(result: PredictResult): void;
  }
}

/** Questions of one `predictMany`: a screen full of them; more had better be rows of one question. */
const MAX_PREDICTIONS = 100;

const PredictPriority = { HIGH: 'HIGH', NORMAL: 'NORMAL', LOW: 'LOW' } as const satisfies Record<
  Priority,
  Priority
>;
registerEnumType(PredictPriority, {
  name: 'PredictPriority',
  description: 'Order of those who wait for a worker.',
  valuesConfig: {
    HIGH: { description: 'Before all others.' },
    NORMAL: { description: 'Before those who can wait.' },
    LOW: { description: 'When nobody else waits.' },
  },
});

const TensorEncoding = { JSON: 'JSON', BASE64: 'BASE64' } as const;
registerEnumType(TensorEncoding, {
  name: 'TensorEncoding',
  description: 'How the values of tensors are written in an answer.',
  valuesConfig: {
    JSON: { description: 'A list of numbers or texts.' },
    BASE64: { description: 'Little-endian bytes: smaller, and far quicker for large tensors.' },
  },
});

@InputType('PredictInput', {
  description: 'A question to a model: exactly one of endpoint and ref, exactly one of rows and inputs.',
})
class PredictInputType {
  @Field(() => String, { nullable: true, description: 'Name of the endpoint that answers.' })
  endpoint?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Reference of the model version that answers, for example `fraud@2.1.0`.',
  })
  ref?: string | null;

  @Field(() => [JsonObjectScalar], {
    nullable: true,
    description: 'Values by column. Missing ones may be null or absent where the column is nullable.',
  })
  rows?: Record<string, unknown>[] | null;

  @Field(() => [TensorScalar], { nullable: true, description: 'Values by input.' })
  inputs?: TensorInput[] | null;

  @Field(() => [String], { nullable: true, description: 'Names of the outputs wanted; all if absent.' })
  outputs?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key gets the same variant of the endpoint, for as long as the weights stay; each endpoint splits keys ' +
      'by itself.',
  })
  routingKey?: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How long the caller waits for the answer, in milliseconds: 1 to 60,000; if absent, as the endpoint’s settings say.',
  })
  timeoutMs?: number | null;

  @Field(() => PredictPriority, {
    nullable: true,
    description: 'Who goes first among those who wait for a worker; `NORMAL` if absent.',
  })
  priority?: Priority | null;

  @Field(() => TensorEncoding, {
    nullable: true,
    defaultValue: 'JSON',
    description: 'How the answer’s tensors are written.',
  })
  outputEncoding!: Encoding | null;
}

@ObjectType('PredictTiming', { description: 'Where the time of a prediction went.' })
class PredictTimingType {
  @Field(() => Float, { description: 'Milliseconds of waiting for a worker.' })
  queueMs!: number;

  @Field(() => Float, { description: 'Milliseconds inside the model, for the whole batch.' })
  computeMs!: number;

  @Field(() => Float, { description: 'Milliseconds from the checked request to the answer.' })
  totalMs!: number;
}

@ObjectType('PredictSuccess', { description: 'What the model says.' })
class PredictSuccessType {
  @Field(() => ID, { description: 'Id of this prediction, by which feedback can be joined to it later.' })
  predictionId!: string;

  @Field(() => [JsonObjectScalar], {
    nullable: true,
    description: 'Answers by output column, where the question came as rows.',
  })
  rows!: readonly Record<string, unknown>[] | null;

  @Field(() => ModelVersionType, { description: 'The version that answered.' })
  version!: ModelVersion;

  @Field(() => String, {
    nullable: true,
    description: 'The endpoint’s variant that answered. Null where a reference was asked.',
  })
  variant!: string | null;

  @Field(() => Boolean, { description: 'Whether the answer was remembered from an equal question.' })
  cached!: boolean;

  @Field(() => Float, {
    nullable: true,
    description: 'Milliseconds since the remembered answer was computed. Null where it was not remembered.',
  })
  cacheAgeMs!: number | null;

  @Field(() => Int, {
    description: 'Rows, of all callers, that were computed together. 0 for a remembered answer.',
  })
  batchSize!: number;

  @Field(() => PredictTimingType, { description: 'Where the time went.' })
  timing!: PredictTimingType;
}

@ObjectType('OverloadedError', {
  implements: UserErrorType,
  description: 'Too many predictions wait already. Try again later.',
})
class OverloadedErrorType extends UserErrorType {
  @Field(() => Int, { description: 'Milliseconds after which another try makes sense.' })
  retryAfterMs!: number;
}

@ObjectType('UnavailableError', {
  implements: UserErrorType,
  description: 'No worker could answer in time; nothing is known to be wrong with the input.',
})
class UnavailableErrorType extends UserErrorType {
  @Field(() => Boolean, {
    description:
      'Whether another try may succeed at once. Where not, `retryableAfterMs` says when one may, if that is known.',
  })
  retryable!: boolean;

  // Not under the name that it has in OverloadedError: there it is never null, and one selection cannot have both.
  @Field(() => Int, {
    nullable: true,
    name: 'retryableAfterMs',
    description:
      'Milliseconds after which another try makes sense, as of now, also where `retryable` is false: known where a model is held back for a time, or a worker knows how long what it has will take. Null: nobody knows.',
  })
  retryAfterMs?: number | null;
}

const PredictResultUnion = resultUnion('PredictResult', [
  PredictSuccessType,
  InvalidInputErrorType,
  NotFoundErrorType,
  OverloadedErrorType,
  UnavailableErrorType,
]);

@InputType('PredictManyInput', { description: 'Several questions, to one model or to many.' })
class PredictManyInputType {
  @Field(() => [PredictInputType], {
    description: `The questions, at most ${MAX_PREDICTIONS}. One that fails leaves the others alone.`,
  })
  predictions!: PredictInputType[];
}

@ObjectType('PredictManySuccess', { description: 'What the models say.' })
class PredictManySuccessType {
  @Field(() => [PredictResultUnion], {
    complexity: listComplexity,
    description: 'An answer or a refusal for each question, in their order.',
  })
  results!: readonly Typed[];
}

const PredictManyResult = resultUnion('PredictManyResult', [PredictManySuccessType, InvalidInputErrorType]);

type Encoding = keyof typeof TensorEncoding;
type AnsweredPrediction = Omit<
  PredictSuccess,
  'ok' | 'coalesced' | 'endpointId' | 'ranOn' | 'closed' | 'spent'
> & {
  readonly encoding: Encoding;
};

/** Field by field: every prediction passes here, and copies made by spreading cost ten times as much. */
const answered = (result: PredictSuccess, encoding: Encoding): AnsweredPrediction & Typed => ({
  __typename: 'PredictSuccess',
  predictionId: result.predictionId,
  rows: result.rows,
  outputs: result.outputs,
  version: result.version,
  variant: result.variant,
  cached: result.cached,
  cacheAgeMs: result.cacheAgeMs,
  batchSize: result.batchSize,
  timing: result.timing,
  encoding,
});

@Resolver(() => PredictSuccessType)
export class PredictResolver {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @Mutation(() => PredictResultUnion, { description: `Asks a model. ${requires('endpoint:predict')}` })
  async predict(
    @Arg('input', () => PredictInputType, {
      description: 'Who is asked, and what: rows by column, or tensors.',
    })
    input: PredictInputType,
    @Ctx() context: Context,
  ): Promise<Typed> {
    return this.ask(context, input);
  }

  @Mutation(() => PredictManyResult, {
    description: `Asks several models at once; questions to the same model share a run. ${requires('endpoint:predict')}`,
  })
  async predictMany(
    @Arg('input', () => PredictManyInputType, { description: 'The questions.' })
    { predictions }: PredictManyInputType,
    @Ctx() context: Context,
  ): Promise<Typed> {
    const error = new InputCheck().count('predictions', predictions.length, MAX_PREDICTIONS).result();
    if (error) return answer('PredictManySuccess', refuse(error));
    const results = await Promise.all(predictions.map((input) => this.ask(context, input)));
    return answer('PredictManySuccess', { ok: true, results });
  }

  private async ask(context: Context, input: PredictInputType): Promise<Typed> {
    context.predicting?.(input.inputs);
    const result = await this.services.serving.predict(context.actor, {
      endpoint: input.endpoint,
      ref: input.ref,
      rows: input.rows,
      inputs: input.inputs,
      outputs: input.outputs,
      routingKey: input.routingKey,
      headers: context.header,
      timeoutMs: input.timeoutMs,
      priority: input.priority,
      isAbandoned: context.isAbandoned,
      receivedAt: context.receivedAt,
    });
    context.predicted?.(result);
    if (!result.ok) return answer('PredictSuccess', result);
    const encoding = input.outputEncoding ?? 'JSON';
    const gap = encoding === 'JSON' ? jsonGap(result.outputs, 'outputEncoding BASE64') : null;
    if (gap) return answer('PredictSuccess', refuse(gap));
    return answered(result, encoding);
  }

  @FieldResolver(() => [TensorScalar], { description: 'The model’s outputs, in the order asked for.' })
  outputs(@Root() { outputs, encoding }: AnsweredPrediction): TensorJson[] {
    return outputs.map((output) => tensorToJson(output, encoding));
  }
}
