import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { PageArgs, pageComplexity, pageRequest, toConnection } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { encodeNodeId } from '../kernel/ids';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import { PredictResolver } from './predict.graphql';
import type { Endpoint, Serving, Variant } from './serving';
import { EndpointConnection, EndpointType, VariantType } from './serving.graphql';
import { EndpointMutations } from './serving.mutations.graphql';

@Resolver(() => VariantType)
class VariantFields {
  @FieldResolver(() => ModelVersionType, { description: 'The version that the variant leads to now.' })
  async version(@Root() variant: Variant, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    const version = await loaders.variantVersion.load(variant.ref);
    if (!version) throw new Error(`The variant's reference ${variant.ref} leads nowhere.`);
    return version;
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
] as const;
