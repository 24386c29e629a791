import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../auth/auth';
import { ArtifactInput } from '../datasets/datasets.graphql';
import type { Context } from '../kernel/context.graphql';
import type { Typed } from '../kernel/node.graphql';
import { answer, InvalidInputErrorType, NotFoundErrorType, resultUnion } from '../kernel/user-error.graphql';
import type { CacheStatistics, Endpoint, Serving } from './serving';
import { EndpointType } from './serving.graphql';

@ObjectType('EndpointCache', {
  description:
    'What an endpoint remembers, and how often that has helped, in the server process that answers: others have numbers of their own.',
})
class EndpointCacheType {
  @Field(() => Float, {
    description: 'Questions answered from memory, or from the store that servers share.',
  })
  readonly hits!: number;

  @Field(() => Float, { description: 'Questions that the model was asked.' })
  readonly misses!: number;

  @Field(() => Float, {
    description: 'Questions answered with what was being computed for an equal one at the same time.',
  })
  readonly coalesced!: number;

  @Field(() => Int, { description: 'Answers in memory.' })
  readonly entries!: number;

  @Field(() => Float, { description: 'Memory that they take, in bytes.' })
  readonly sizeBytes!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'Milliseconds since the answer was computed that has been in memory the longest. Null: none.',
  })
  readonly oldestAgeMs!: number | null;
}

@InputType('WarmCacheInput', {
  description: 'Questions to ask before callers do: exactly one of artifact and popular.',
})
class WarmCacheInput {
  @Field(() => String, { description: 'Name of the endpoint; its cache must be on.' })
  readonly endpoint!: string;

  @Field(() => ArtifactInput, {
    nullable: true,
    description:
      'A file of questions, at most 64 MiB: one `{"rows": [{…}]}` or `{"inputs": [{…}]}` a line, as callers will send them.',
  })
  readonly artifact?: ArtifactInput | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many of the questions that came again most often on the last day: 1 to 1,000.',
  })
  readonly popular?: number | null;
}

@ObjectType('WarmCacheSuccess', { description: 'Answers are prepared: one a question and variant.' })
class WarmCacheSuccess {
  @Field(() => Int, { description: 'Answers that the model was asked for.' })
  readonly computed!: number;

  @Field(() => Int, { description: 'Answers that were remembered before.' })
  readonly alreadyThere!: number;

  @Field(() => Int, { description: 'Questions that the model does not take, or could not answer now.' })
  readonly refused!: number;

  @Field(() => [String], { description: 'Why, for the first few that were refused.' })
  readonly reasons!: readonly string[];

  @Field(() => Boolean, {
    description: 'Whether all questions were reached within 30 seconds. If not: ask again, to go on.',
  })
  readonly isComplete!: boolean;
}

const WarmCacheResult = resultUnion('WarmCacheResult', [
  WarmCacheSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);

@Resolver(() => EndpointType)
export class CacheOperations {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @FieldResolver(() => EndpointCacheType, {
    description: 'What it remembers, in this server process. On with `settings.cacheTtlMs`.',
  })
  cache(@Root() endpoint: Endpoint): CacheStatistics {
    return this.services.serving.cacheOf(endpoint);
  }

  @Mutation(() => WarmCacheResult, {
    description: `Fills an endpoint’s cache in this server process, and the store that servers share. ${requires('endpoint:deploy')}`,
  })
  async warmCache(
    @Arg('input', () => WarmCacheInput, { description: 'Which endpoint, and with which questions.' })
    input: WarmCacheInput,
    @Ctx() { actor }: Context,
  ): Promise<Typed> {
    return answer('WarmCacheSuccess', await this.services.serving.warmCache(actor, input));
  }
}
