import { Arg, createUnionType, Field, Int, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../kernel/context.graphql';
import type { Endpoint } from '../serving/serving';
import { EndpointType } from '../serving/serving.graphql';
import { DEFAULT_INTERVAL_MS, MAX_INTERVAL_MS, MIN_INTERVAL_MS, RECENT_WINDOWS } from './interval';
import type { EndpointLatencyEvent, LatencyWindow, Monitoring } from './monitoring';
import { LatencyWindowType } from './monitoring.graphql';

const CURSOR = 'Give it as `after` to go on from here.';

@ObjectType('EndpointLatencySnapshot', {
  description: 'How an endpoint has done when the subscription begins.',
})
class EndpointLatencySnapshotType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => [LatencyWindowType], {
    description: `The last ${RECENT_WINDOWS} windows, in order of time; those without traffic are left out.`,
  })
  readonly windows!: readonly LatencyWindow[];
}

@ObjectType('EndpointLatencyAppended', {
  description: 'A window that is complete. After the last one with traffic one of zero follows, then none.',
})
class EndpointLatencyAppendedType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => LatencyWindowType, { description: 'The window.' })
  readonly window!: LatencyWindow;
}

@ObjectType('EndpointChanged', { description: 'The endpoint was deployed again.' })
class EndpointChangedType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => EndpointType, { description: 'The endpoint as it is now.' })
  readonly endpoint!: Endpoint;
}

const EndpointLatencyEventType = createUnionType({
  name: 'EndpointLatencyEvent',
  description: 'What `endpointLatency` tells: one snapshot, then windows and changes of the endpoint.',
  types: () => [EndpointLatencySnapshotType, EndpointLatencyAppendedType, EndpointChangedType] as const,
});

interface EndpointLatencyArguments {
  readonly endpoint: string;
  readonly intervalMs: number;
}
/** The way in: `subscribe` is called without a resolver's instance, so it finds the front door in the context. */
type SubscriptionContext = Context & { readonly services: { readonly monitoring: Monitoring } };

@Resolver()
export class MonitoringSubscriptions {
  @Subscription(() => EndpointLatencyEventType, {
    description:
      'Follows how an endpoint is doing, until it is deleted: a snapshot, then each window once it is complete. Resume ' +
      'with the last cursor.',
    subscribe: ({ args, context }) => {
      const { endpoint, intervalMs } = args as unknown as EndpointLatencyArguments;
      const { services, actor } = context as SubscriptionContext;
      return services.monitoring.endpointLatency(actor, { endpoint, intervalMs });
    },
  })
  endpointLatency(
    @Arg('endpoint', () => String, { description: 'Name of the endpoint.' }) _endpoint: string,
    @Arg('intervalMs', () => Int, {
      defaultValue: DEFAULT_INTERVAL_MS,
      description: `Width of the windows in ms: whole seconds, ${MIN_INTERVAL_MS} to ${MAX_INTERVAL_MS}.`,
    })
    _intervalMs: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last event that was seen.' })
    _after: string | null | undefined,
    @Root() event: EndpointLatencyEvent,
  ) {
    return { ...event, __typename: event.kind };
  }
}
