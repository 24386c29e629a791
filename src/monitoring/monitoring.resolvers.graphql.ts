import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../kernel/context.graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import type { Endpoint } from '../serving/serving';
import { EndpointType } from '../serving/serving.graphql';
import { EndpointComparison } from './comparison.graphql';
import { DEFAULT_POINTS, MAX_POINTS } from './interval';
import { MAX_REFERENCES } from './latency-recorder';
import type { LatencyWindow, Monitoring } from './monitoring';
import { LatencyQuantilesFields, LatencyWindowType, VariantLatencyFields } from './monitoring.graphql';
import { MonitoringSubscriptions } from './monitoring.subscription.graphql';
import { PredictionSubscriptions } from './prediction-stream.graphql';

/** Windows that cost as much as one row of a list: they are made of numbers that one statement has read. */
const WINDOWS_PER_ROW = 60;

interface Cost {
  readonly args: Record<string, unknown>;
  readonly childComplexity: number;
}
const windowsComplexity = ({ args, childComplexity }: Cost): number => {
  const points = typeof args.maxPoints === 'number' ? args.maxPoints : DEFAULT_POINTS;
  return 1 + Math.max(1, Math.ceil(points / WINDOWS_PER_ROW)) * childComplexity;
};

const OF_WINDOWS =
  'Windows without traffic are left out, but for one where it stops. Spans of up to an hour are told to the second, ' +
  'longer ones to the minute, for a week at most.';
const SINCE = { description: 'Where the span begins; it ends now.' };
const POINTS = {
  nullable: true,
  defaultValue: DEFAULT_POINTS,
  description: `Most windows to answer: 1 to ${MAX_POINTS}.`,
};
interface Services {
  readonly monitoring: Monitoring;
}

@Resolver(() => EndpointType)
class EndpointLatencyFields {
  constructor(private readonly services: Services) {}

  @FieldResolver(() => [LatencyWindowType], {
    complexity: windowsComplexity,
    description: `Latencies since a time, in equal windows. ${OF_WINDOWS}`,
  })
  latency(
    @Root() { id: askedId }: Endpoint,
    @Arg('since', () => DateTimeScalar, SINCE) since: Date,
    @Arg('maxPoints', () => Int, POINTS) maxPoints: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<readonly LatencyWindow[]> {
    return loaders.latencies.load({ askedId, since, maxPoints: maxPoints ?? DEFAULT_POINTS });
  }
}

@Resolver(() => ModelVersionType)
class ReferenceLatencyFields {
  constructor(private readonly services: Services) {}

  @FieldResolver(() => [LatencyWindowType], {
    complexity: windowsComplexity,
    description:
      `Latencies of what it was asked by reference or by its model’s name, through no endpoint. ${OF_WINDOWS} ` +
      `Each process measures ${MAX_REFERENCES} such versions a minute, each door apart; more are in its counters alone.`,
  })
  referenceLatency(
    @Root() { id: askedId }: ModelVersion,
    @Arg('since', () => DateTimeScalar, SINCE) since: Date,
    @Arg('maxPoints', () => Int, POINTS) maxPoints: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<readonly LatencyWindow[]> {
    return loaders.latencies.load({ askedId, since, maxPoints: maxPoints ?? DEFAULT_POINTS });
  }
}

export const MONITORING_RESOLVERS = [
  EndpointLatencyFields,
  ReferenceLatencyFields,
  EndpointComparison,
  VariantLatencyFields,
  LatencyQuantilesFields,
  MonitoringSubscriptions,
  PredictionSubscriptions,
] as const;
