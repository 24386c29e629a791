import DataLoader from 'dataloader';
import { Field, FieldResolver, Float, ObjectType, Resolver, Root, Ctx } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context, Loaders } from '../kernel/context.graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import type { LatencyQuantiles, LatencySpan, LatencyWindow, Monitoring, VariantLatency } from './monitoring';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly endpointLatencies: DataLoader<LatencySpan, readonly LatencyWindow[], string>;
  }
}

export const monitoringLoaders = (
  { monitoring }: { readonly monitoring: Monitoring },
  actor: Actor,
): Pick<Loaders, 'endpointLatencies'> => ({
  endpointLatencies: new DataLoader((spans) => monitoring.latencies(actor, spans), {
    cacheKeyFn: ({ endpointId, since, maxPoints }) => `${endpointId} ${since.getTime()} ${maxPoints}`,
  }),
});

@ObjectType('LatencyQuantiles', {
  description: 'Durations in milliseconds, within 2 %. Null where no prediction was answered.',
})
export class LatencyQuantilesType {
  @Field(() => Float, { nullable: true, description: 'Half of the predictions took at most this, in ms.' })
  readonly p50Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '95 % of the predictions took at most this, in ms.' })
  readonly p95Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '99 % of the predictions took at most this, in ms.' })
  readonly p99Ms!: number | null;
}

@ObjectType('VariantLatency', { description: 'How one version did behind one variant.' })
export class VariantLatencyType {
  @Field(() => String, { description: 'Name of the variant, or `total`.' })
  readonly variant!: string;

  @Field(() => Float, { description: 'Its share of the traffic in the window, relative to the others.' })
  readonly weight!: number;

  @Field(() => Boolean, { description: 'Whether it only got a copy of the traffic; no part of the total.' })
  readonly shadow!: boolean;

  @Field(() => Float, { description: 'Predictions per second, refused ones included.' })
  readonly requestsPerSecond!: number;

  @Field(() => Float, { description: 'Refused predictions of all, 0 to 1; refused input counts too.' })
  readonly errorRate!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Mean number of rows that ran with a prediction. Null where no batch was run.',
  })
  readonly meanBatchSize!: number | null;

  @Field(() => LatencyQuantilesType, { description: 'From the request to its answer, in the server.' })
  readonly total!: LatencyQuantiles;

  @Field(() => LatencyQuantilesType, {
    description: 'Waiting for a batch and a worker; cached answers apart.',
  })
  readonly queue!: LatencyQuantiles;

  @Field(() => LatencyQuantilesType, { description: 'Running in the worker; cached answers apart.' })
  readonly compute!: LatencyQuantiles;
}

@Resolver(() => VariantLatencyType)
export class VariantLatencyFields {
  @FieldResolver(() => ModelVersionType, {
    description: 'The version that answered. Of the total: the newest variant’s.',
  })
  async version(@Root() latency: VariantLatency, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    const version = await loaders.modelVersion.load(latency.versionId);
    if (!version) throw new Error('A version that was measured is never deleted.');
    return version;
  }
}

@ObjectType('LatencyWindow', { description: 'How an endpoint did in a span of time that is over.' })
export class LatencyWindowType {
  @Field(() => DateTimeScalar, { description: 'Where the window begins.' })
  readonly from!: Date;

  @Field(() => DateTimeScalar, { description: 'Where it ends; this moment is no part of it.' })
  readonly to!: Date;

  @Field(() => VariantLatencyType, { description: 'All variants that answer callers, as one.' })
  readonly total!: VariantLatency;

  @Field(() => [VariantLatencyType], {
    complexity: listComplexity,
    description: 'By name of the variant. One whose alias moved has an entry for each version.',
  })
  readonly variants!: readonly VariantLatency[];
}
