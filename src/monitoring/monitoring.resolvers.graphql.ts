import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../kernel/context.graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type { Endpoint } from '../serving/serving';
import { EndpointType } from '../serving/serving.graphql';
import { EndpointComparison } from './comparison.graphql';
import { DEFAULT_POINTS, MAX_POINTS } from './interval';
import type { LatencyWindow } from './monitoring';
import { LatencyWindowType, VariantLatencyFields } from './monitoring.graphql';
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

@Resolver(() => EndpointType)
class EndpointLatencyFields {
  @FieldResolver(() => [LatencyWindowType], {
    complexity: windowsComplexity,
    description:
      'Latencies since a time, in equal windows. Windows without traffic are left out, but for one where it stops. ' +
      'Spans of up to an hour are told to the second, longer ones to the minute, for a week at most.',
  })
  latency(
    @Root() endpoint: Endpoint,
    @Arg('since', () => DateTimeScalar, { description: 'Where the span begins; it ends now.' }) since: Date,
    @Arg('maxPoints', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_POINTS,
      description: `Most windows to answer: 1 to ${MAX_POINTS}.`,
    })
    maxPoints: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<readonly LatencyWindow[]> {
    const span = { endpointId: endpoint.id, since, maxPoints: maxPoints ?? DEFAULT_POINTS };
    return loaders.endpointLatencies.load(span);
  }
}

export const MONITORING_RESOLVERS = [
  EndpointLatencyFields,
  EndpointComparison,
  VariantLatencyFields,
  MonitoringSubscriptions,
  PredictionSubscriptions,
] as const;
