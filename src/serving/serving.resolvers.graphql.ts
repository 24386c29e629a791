import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import {
  listComplexity,
  PageArgs,
  pageComplexity,
  pageRequest,
  toConnection,
} from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { encodeNodeId } from '../kernel/ids';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import { CacheOperations } from './cache.graphql';
import { WorkerLoadOperations } from './worker-load.graphql';
import { PredictResolver } from './predict.graphql';
import { FeedbackOperations } from './feedback.graphql';
import type { Endpoint, Health, Serving, Variant } from './serving';
import { EndpointConnection, EndpointType, VariantType } from './serving.graphql';
import { EndpointMutations } from './serving.mutations.graphql';
import { VariantHealthType } from './variant-health.graphql';

/** A variant knows whose it is, so that its fields can be found. */
type VariantOf = Variant & { readonly endpoint: Endpoint };

@Resolver(() => VariantType)
class VariantFields {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @FieldResolver(() => ModelVersionType, { description: 'The version that the variant leads to now.' })
  async version(@Root() variant: Variant, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    const version = await loaders.variantVersion.load(variant.ref);
    if (!version) throw new Error(`The variant's reference ${variant.ref} leads nowhere.`);
    return version;
  }

  @FieldResolver(() => VariantHealthType, {
    nullable: true,
    description: 'Whether it gets traffic, as this server process sees it. Null where it does not run here.',
  })
  health(@Root() { endpoint, name }: VariantOf): Health | null {
    return this.services.serving.healthOf(endpoint, name);
  }
}

@Resolver(() => EndpointType)
class EndpointOperations {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @Query(() => EndpointType, {
    nullable: true,
    description: 'An endpoint by its name. Null where there is none.',
  })
  endpoint(
    @Arg('name', () => String, { description: 'Name of the endpoint.' }) name: string,
    @Ctx() { actor }: Context,
  ): Promise<Endpoint | null> {
    return this.services.serving.endpointByName(actor, name);
  }

  @Query(() => EndpointConnection, { complexity: pageComplexity, description: 'Endpoints, by name.' })
  async endpoints(
    @Arg('filter', () => String, { nullable: true, description: "For example `name LIKE 'fraud%'`." })
    filter: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { actor }: Context,
  ) {
    return toConnection(await this.services.serving.endpoints(actor, filter ?? null, pageRequest(page, 1)));
  }

  @FieldResolver(() => [VariantType], {
    complexity: listComplexity,
    description: 'What answers, and what listens.',
  })
  variants(@Root() endpoint: Endpoint): readonly VariantOf[] {
    return endpoint.variants.map((variant) => ({ ...variant, endpoint }));
  }

  @FieldResolver(() => ID, { description: 'Opaque id of the endpoint.' })
  id(@Root() endpoint: Endpoint): string {
    return encodeNodeId('endpoint', endpoint.id);
  }
}

export const SERVING_RESOLVERS = [
  VariantFields,
  EndpointOperations,
  EndpointMutations,
  PredictResolver,
  CacheOperations,
  FeedbackOperations,
  WorkerLoadOperations,
] as const;
