import { Arg, createUnionType, Field, ID, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../../kernel/context.graphql';
import type { MetricSeries, Run, RunMetricsEvent, Tracking } from '../tracking';
import { MetricSeriesType, RunType } from '../tracking.graphql';

const CURSOR = 'Give it as `after` to go on from here.';

@ObjectType('RunMetricsSnapshot', {
  description:
    'How a run stands: when the subscription begins, or in the place of additions where more was missed than they can tell.',
})
class RunMetricsSnapshotType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => RunType, { description: 'The run as it is now.' })
  readonly run!: Run;

  @Field(() => [MetricSeriesType], {
    description:
      'All series so far: at most 10,000 points each, and 200,000 together. Longer ones are down-sampled, with every spike kept.',
  })
  readonly series!: readonly MetricSeries[];
}

@ObjectType('RunMetricsAppended', { description: 'Points that are new since the event before, all of them.' })
class RunMetricsAppendedType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => [MetricSeriesType], { description: 'The series that have grown, with their new points only.' })
  readonly series!: readonly MetricSeries[];
}

@ObjectType('RunFinished', { description: 'The run has ended: nothing follows.' })
class RunFinishedType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => RunType, { description: 'The run, with its status and its end.' })
  readonly run!: Run;
}

const RunMetricsEventType = createUnionType({
  name: 'RunMetricsEvent',
  description:
    'What `runMetrics` tells, in this order: one snapshot, any number of additions, the end. Resumed after very much that was missed, it begins with a snapshot again.',
  types: () => [RunMetricsSnapshotType, RunMetricsAppendedType, RunFinishedType] as const,
});

interface RunMetricsArguments {
  readonly runId: string;
  readonly keys?: readonly string[] | null;
}
/** The way in: `subscribe` is called without a resolver's instance, so it finds the front door in the context. */
type SubscriptionContext = Context & { readonly services: { readonly tracking: Tracking } };

@Resolver()
export class TrackingSubscriptions {
  @Subscription(() => RunMetricsEventType, {
    description: 'Follows the metrics of a run: a snapshot, then what is new. Resume with the last cursor.',
    subscribe: ({ args, context }) => {
      const { runId, keys = null } = args as unknown as RunMetricsArguments;
      const { services, actor } = context as SubscriptionContext;
      return services.tracking.runMetrics(actor, { runId, keys });
    },
  })
  runMetrics(
    @Arg('runId', () => ID, { description: 'Id of the run.' }) _runId: string,
    @Arg('keys', () => [String], { nullable: true, description: 'Names of metrics; all if absent.' })
    _keys: readonly string[] | null | undefined,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last event that was seen.' })
    _after: string | null | undefined,
    @Root() event: RunMetricsEvent,
  ) {
    return { ...event, __typename: event.kind };
  }
}
