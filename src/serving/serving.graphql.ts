import DataLoader from 'dataloader';
import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { connectionOf, listComplexity } from '../kernel/connection.graphql';
import type { Loaders } from '../kernel/context.graphql';
import { NodeType, type NodeResolvers } from '../kernel/node.graphql';
import type { ModelVersion } from '../registry/registry';
import { RoutingRuleType, RoutingStrategyType } from './endpoint-routing.graphql';
import { EndpointSettingsType } from './endpoint-settings.graphql';
import type { Endpoint, EndpointId, EndpointSettings, RoutingRule, Serving, Strategy } from './serving';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly endpoint: DataLoader<EndpointId, Endpoint | null>;
    /** By the reference of a variant. */
    readonly variantVersion: DataLoader<string, ModelVersion | null>;
  }
}

export const servingLoaders = (
  { serving }: { readonly serving: Serving },
  actor: Actor,
): Pick<Loaders, 'endpoint' | 'variantVersion'> => ({
  endpoint: new DataLoader((ids) => serving.endpointsByIds(actor, ids)),
  variantVersion: new DataLoader((refs) => serving.versionsByRefs(actor, refs)),
});

export const servingNodes: NodeResolvers = {
  endpoint: { type: 'Endpoint', load: ({ endpoint }, id) => endpoint.load(id as EndpointId) },
};

@ObjectType('Variant', {
  description: 'One model version behind an endpoint, with its share of the traffic.',
})
export class VariantType {
  @Field(() => String, { description: 'Name of the variant, unique in its endpoint.' })
  name!: string;

  @Field(() => String, { description: '`name@alias` follows the alias; `name@1.2.0` stays where it is.' })
  ref!: string;

  @Field(() => Float, { description: 'Share of the traffic, relative to the sum of the weights.' })
  weight!: number;

  @Field(() => Boolean, {
    description: 'Whether it only gets a copy of the traffic: its answers go to nobody.',
  })
  shadow!: boolean;

  @Field(() => Int, {
    nullable: true,
    description: 'Workers that may hold its model, at most. Null: all of them.',
  })
  instances!: number | null;
}

@ObjectType('Endpoint', {
  implements: NodeType,
  description: 'A name that applications call for predictions.',
})
export class EndpointType extends NodeType {
  @Field(() => String, { description: 'Name of the endpoint, unique in its project.' })
  name!: string;

  @Field(() => Int, {
    description: 'Grows with every change. Give it as `expectedRevision` to change what you have seen.',
  })
  revision!: number;

  @Field(() => [RoutingRuleType], {
    complexity: listComplexity,
    description: 'Which callers a rule sends where; the first that applies wins.',
  })
  rules!: readonly RoutingRule[];

  @Field(() => RoutingStrategyType, { description: 'How the variant of all others is chosen.' })
  strategy!: Strategy;

  @Field(() => EndpointSettingsType, {
    description: 'How its predictions are batched, bounded and remembered.',
  })
  settings!: EndpointSettings;
}

export const EndpointConnection = connectionOf<Endpoint>('Endpoint', () => EndpointType);

@ObjectType('BatchesClosed', { description: 'Batches that went off for one reason.' })
export class BatchesClosedType {
  @Field(() => String, {
    description:
      'Why with the rows that they had: `idle` (a worker was free), `full`, `delay` (the time to wait was over), ' +
      '`objective` (of latency), `deadline` (of a caller) or `alone` (it may not share a run).',
  })
  readonly reason!: string;

  @Field(() => Float, { description: 'How many.' })
  readonly count!: number;
}
