import { Arg, Ctx, Field, Float, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requires } from '../auth/auth';
import type { Context } from '../kernel/context.graphql';
import type { Typed } from '../kernel/node.graphql';
import {
  answer,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
  RevisionConflictErrorType,
} from '../kernel/user-error.graphql';
import { ROUTING_SAYS, RoutingRuleInputType, RoutingStrategyInputType } from './endpoint-routing.graphql';
import { EndpointSettingsInputType } from './endpoint-settings.graphql';
import type { Endpoint, Serving } from './serving';
import { EndpointType } from './serving.graphql';

@InputType('VariantInput', { description: 'One model version to put behind an endpoint.' })
class VariantInputType {
  @Field(() => String, { nullable: true, description: 'Name of the variant; its reference if absent.' })
  name?: string | null;

  @Field(() => String, {
    description: '`name@alias` follows the alias; `name@1.2.0` is pinned; `name` means `name@production`.',
  })
  ref!: string;

  @Field(() => Float, {
    defaultValue: 0,
    description: 'Share of the traffic, relative to the sum of the weights.',
  })
  weight!: number;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether it only gets a copy of the traffic.',
  })
  shadow?: boolean | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'On how many workers its model is to be, 1 to 1,000: fewer take less memory, and leave the other workers to other ' +
      'models. Absent: all that have room. Nothing to a model that another server has.',
  })
  instances?: number | null;
}

const VARIANTS_SAY =
  'All variants: those that are not named here are taken away. Those that answer by their weights must take the same ' +
  'questions, since chance decides whom a caller meets; a shadow, or one without a weight, may differ.';

@InputType('DeployEndpointInput', { description: 'An endpoint and all of its variants.' })
class DeployEndpointInput {
  @Field(() => String, {
    description: 'Name of the endpoint: letters, digits, `.`, `_` and `-`, at most 128.',
  })
  name!: string;

  @Field(() => [VariantInputType], {
    description: VARIANTS_SAY,
  })
  variants!: VariantInputType[];

  @Field(() => EndpointSettingsInputType, {
    nullable: true,
    description:
      'How its predictions are batched, bounded and remembered. Absent: as they are, and by default for a new endpoint.',
  })
  settings?: EndpointSettingsInputType | null;

  @Field(() => [RoutingRuleInputType], { nullable: true, description: ROUTING_SAYS.rules })
  rules?: RoutingRuleInputType[] | null;

  @Field(() => RoutingStrategyInputType, { nullable: true, description: ROUTING_SAYS.strategy })
  strategy?: RoutingStrategyInputType | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuse where the endpoint has changed since; 0 if it must be new.',
  })
  expectedRevision?: number | null;
}

@InputType('SetTrafficSplitInput', { description: 'New variants and weights of an endpoint that exists.' })
class SetTrafficSplitInput {
  @Field(() => String, { description: 'Name of the endpoint.' })
  endpoint!: string;

  @Field(() => [VariantInputType], {
    description: VARIANTS_SAY,
  })
  variants!: VariantInputType[];

  @Field(() => [RoutingRuleInputType], { nullable: true, description: ROUTING_SAYS.rules })
  rules?: RoutingRuleInputType[] | null;

  @Field(() => RoutingStrategyInputType, { nullable: true, description: ROUTING_SAYS.strategy })
  strategy?: RoutingStrategyInputType | null;

  @Field(() => Int, { nullable: true, description: 'Refuse where the endpoint has changed since.' })
  expectedRevision?: number | null;
}

@InputType('DeleteEndpointInput', { description: 'Which endpoint is to go.' })
class DeleteEndpointInput {
  @Field(() => String, { description: 'Name of the endpoint.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'Refuse where the endpoint has changed since.' })
  expectedRevision?: number | null;
}

@ObjectType('DeployEndpointSuccess', { description: 'Predictions are routed as asked.' })
class DeployEndpointSuccess {
  @Field(() => EndpointType, { description: 'The endpoint as it is now.' })
  endpoint!: Endpoint;

  @Field(() => Boolean, { description: 'Whether the endpoint is new.' })
  created!: boolean;
}

@ObjectType('SetTrafficSplitSuccess', { description: 'Predictions are routed as asked.' })
class SetTrafficSplitSuccess {
  @Field(() => EndpointType, { description: 'The endpoint as it is now.' })
  endpoint!: Endpoint;
}

@ObjectType('DeleteEndpointSuccess', {
  description: 'The endpoint is gone. Who has asked it before still gets an answer.',
})
class DeleteEndpointSuccess {
  @Field(() => String, { description: 'What it was called. An endpoint of this name begins anew.' })
  name!: string;
}

const refusals = [RevisionConflictErrorType, NotFoundErrorType, InvalidInputErrorType] as const;
const DeployEndpointResult = resultUnion('DeployEndpointResult', [DeployEndpointSuccess, ...refusals]);
const SetTrafficSplitResult = resultUnion('SetTrafficSplitResult', [SetTrafficSplitSuccess, ...refusals]);
const DeleteEndpointResult = resultUnion('DeleteEndpointResult', [
  DeleteEndpointSuccess,
  NotFoundErrorType,
  RevisionConflictErrorType,
]);

@Resolver()
export class EndpointMutations {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @Mutation(() => DeployEndpointResult, {
    description: `Makes an endpoint or replaces its variants. ${requires('endpoint:deploy')}`,
  })
  async deployEndpoint(
    @Arg('input', () => DeployEndpointInput, { description: 'The endpoint and all of its variants.' })
    input: DeployEndpointInput,
    @Ctx() { actor }: Context,
  ): Promise<Typed> {
    return answer('DeployEndpointSuccess', await this.services.serving.deployEndpoint(actor, input));
  }

  @Mutation(() => SetTrafficSplitResult, {
    description: `Moves traffic between variants of an endpoint. ${requires('endpoint:deploy')}`,
  })
  async setTrafficSplit(
    @Arg('input', () => SetTrafficSplitInput, {
      description: 'The endpoint and all of its variants, with their weights.',
    })
    { endpoint, ...split }: SetTrafficSplitInput,
    @Ctx() { actor }: Context,
  ): Promise<Typed> {
    const result = await this.services.serving.setTrafficSplit(actor, { name: endpoint, ...split });
    return answer('SetTrafficSplitSuccess', result);
  }

  @Mutation(() => DeleteEndpointResult, {
    description:
      'Deletes an endpoint: within a second nobody is answered by it, and what it has led to may be deleted, too. Nobody ' +
      `finds what was measured of it any more. ${requires('endpoint:deploy')}`,
  })
  async deleteEndpoint(
    @Arg('input', () => DeleteEndpointInput, { description: 'The endpoint.' }) input: DeleteEndpointInput,
    @Ctx() { actor }: Context,
  ): Promise<Typed> {
    return answer('DeleteEndpointSuccess', await this.services.serving.deleteEndpoint(actor, input));
  }
}
