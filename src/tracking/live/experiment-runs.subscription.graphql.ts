import {
  Arg,
  createUnionType,
  Field,
  ID,
  ObjectType,
  registerEnumType,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { listComplexity } from '../../kernel/connection.graphql';
import type { Context } from '../../kernel/context.graphql';
import { encodeNodeId } from '../../kernel/ids';
import type { Experiment, ExperimentRunsEvent, Run, RunChange, RunChangeKind, Tracking } from '../tracking';
import { ExperimentType, RunType } from '../tracking.graphql';

const CURSOR = 'Give it as `after` to go on from here.';

const RunChangeKindEnum = {
  STARTED: 'STARTED',
  SCHEDULED: 'SCHEDULED',
  FINISHED: 'FINISHED',
  FAILED: 'FAILED',
  KILLED: 'KILLED',
  RESUMED: 'RESUMED',
  RENAMED: 'RENAMED',
  DELETED: 'DELETED',
  RESTORED: 'RESTORED',
  PURGED: 'PURGED',
} as const satisfies { readonly [Kind in RunChangeKind]: Kind };
registerEnumType(RunChangeKindEnum, {
  name: 'RunChangeKind',
  description: 'What may happen with a run as a member of its experiment.',
  valuesConfig: {
    STARTED: { description: 'It is new.' },
    SCHEDULED: { description: "It waits again, as only MLflow's clients may tell." },
    FINISHED: { description: 'It came to its end.' },
    FAILED: { description: 'It broke.' },
    KILLED: { description: 'Somebody stopped it.' },
    RESUMED: { description: 'It goes on: it had ended, or waited.' },
    RENAMED: { description: 'It has another name.' },
    DELETED: { description: 'It is deleted, and may be restored.' },
    RESTORED: { description: 'It is not deleted any more.' },
    PURGED: { description: 'It has gone for good.' },
  },
});

@ObjectType('RunChange', { description: 'A run that has changed.' })
class RunChangeType {
  @Field(() => ID, { description: 'Id of the run, also where it has gone.' })
  readonly runId!: string;

  @Field(() => [RunChangeKindEnum], {
    description: 'All that has happened with it since the event before, each once, by what it is now.',
  })
  readonly kinds!: readonly RunChangeKind[];

  @Field(() => RunType, {
    nullable: true,
    description: 'The run as it is now. Null where it has gone for good.',
  })
  readonly run!: Run | null;
}

@ObjectType('ExperimentRunsSnapshot', {
  description:
    'How an experiment stands: when the subscription begins, or where more runs have changed than additions can tell.',
})
class ExperimentRunsSnapshotType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => ExperimentType, { description: 'The experiment as it is now.' })
  readonly experiment!: Experiment;

  @Field(() => [RunType], {
    description: 'Its newest runs that are not deleted, at most 100, newest first.',
    complexity: listComplexity,
  })
  readonly runs!: readonly Run[];

  @Field(() => Boolean, { description: 'Whether it has older ones, which `runs` lists page by page.' })
  readonly hasMore!: boolean;
}

@ObjectType('ExperimentRunsChanged', {
  description:
    'Runs that have changed since the event before. Keep them by their ids: one may be told again as it is.',
})
class ExperimentRunsChangedType {
  @Field(() => String, { description: CURSOR })
  readonly cursor!: string;

  @Field(() => [RunChangeType], {
    description: 'Each run once, at most 100, in the order of their last changes.',
    complexity: listComplexity,
  })
  readonly changes!: readonly RunChange[];
}

@ObjectType('ExperimentPurged', { description: 'The experiment has gone for good: nothing follows.' })
class ExperimentPurgedType {
  @Field(() => String, { description: 'Nothing comes after it.' })
  readonly cursor!: string;
}

const ExperimentRunsEventType = createUnionType({
  name: 'ExperimentRunsEvent',
  description:
    'What `experimentRuns` tells: one snapshot, any number of additions, and the end where the experiment goes. Resumed after very much that was missed, it begins with a snapshot again.',
  types: () => [ExperimentRunsSnapshotType, ExperimentRunsChangedType, ExperimentPurgedType] as const,
});

/** The way in: `subscribe` is called without a resolver's instance, so it finds the front door in the context. */
type SubscriptionContext = Context & { readonly services: { readonly tracking: Tracking } };

@Resolver()
export class ExperimentRunsSubscription {
  @Subscription(() => ExperimentRunsEventType, {
    description:
      'Follows the runs of an experiment as they appear, end, fail, change their names and go: a snapshot, then what changes. Tags, params and metrics are not followed. Resume with the last cursor.',
    subscribe: ({ args, context }) => {
      const { experimentId } = args as unknown as { readonly experimentId: string };
      const { services, actor } = context as SubscriptionContext;
      return services.tracking.live.ofExperiment(actor, experimentId);
    },
  })
  experimentRuns(
    @Arg('experimentId', () => ID, { description: 'Id of the experiment.' }) _experimentId: string,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last event that was seen.' })
    _after: string | null | undefined,
    @Root() event: ExperimentRunsEvent,
  ) {
    if (event.kind !== 'ExperimentRunsChanged') return { ...event, __typename: event.kind };
    const changes = event.changes.map((one) => ({ ...one, runId: encodeNodeId('run', one.runId) }));
    return { ...event, changes, __typename: event.kind };
  }
}
