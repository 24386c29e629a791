import { Arg, Args, Ctx, FieldResolver, ID, Resolver, Root } from 'type-graphql';
import type { DatasetVersion } from '../datasets/datasets';
import { DatasetVersionType } from '../datasets/datasets.graphql';
import {
  listComplexity,
  pageComplexity,
  PageArgs,
  pageRequest,
  toConnection,
} from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { TagType } from '../kernel/tag.graphql';
import { encodeNodeId } from '../kernel/ids';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import { listCursorLength } from '../kernel/database/column-search';
import { ExperimentRunsSubscription } from './live/experiment-runs.subscription.graphql';
import { historyArguments, historyComplexity, MetricHistoryArgs } from './metrics/metric-history.graphql';
import { RunComparisonQueries } from './comparison/run-comparison.graphql';
import { NOTE_TAG } from './search/run-attributes';
import type { Experiment, KeyValue, LifecycleView, MetricSeries, MetricSummary, Run } from './tracking';
import {
  ArtifactType,
  ExperimentType,
  LifecycleViewEnum,
  MetricSeriesType,
  MetricSummaryType,
  ParamType,
  RunConnection,
  RunType,
  VIEW,
} from './tracking.graphql';
import {
  RUN_FILTER,
  RUN_ORDER,
  TrackingMutations,
  TrackingQueriesResolver,
} from './tracking.operations.graphql';
import { RunSetupFields, SetupMutations } from './setup/setup.resolvers.graphql';
import { DELETION_RESOLVERS } from './deletion/tracking.deletion.graphql';
import { RETENTION_RESOLVERS } from './deletion/tracking.retention.graphql';
import { LifecycleMutations } from './tracking.lifecycle.graphql';
import { TrackingSubscriptions } from './live/tracking.subscription.graphql';

const NOTE = `What a person has to say of it: its tag \`${NOTE_TAG}\`.`;
const noteIn = (tags: readonly KeyValue[]) => tags.find(({ key }) => key === NOTE_TAG)?.value ?? null;

@Resolver(() => ExperimentType)
class ExperimentFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() experiment: Experiment): string {
    return encodeNodeId('experiment', experiment.id);
  }

  @FieldResolver(() => [TagType], { description: 'Words about it, by key.', complexity: listComplexity })
  tags(@Root() experiment: Experiment, @Ctx() { loaders }: Context) {
    return loaders.experimentTags.load(experiment.id);
  }

  @FieldResolver(() => String, { nullable: true, description: NOTE })
  async note(@Root() experiment: Experiment, @Ctx() { loaders }: Context) {
    return noteIn(await loaders.experimentTags.load(experiment.id));
  }

  @FieldResolver(() => RunConnection, { description: 'Its runs.', complexity: pageComplexity })
  async runs(
    @Root() experiment: Experiment,
    @Arg('filter', () => String, { nullable: true, description: RUN_FILTER })
    filter: string | null | undefined,
    @Arg('orderBy', () => [String], { nullable: true, description: RUN_ORDER })
    orderBy: readonly string[] | null | undefined,
    @Arg('view', () => LifecycleViewEnum, VIEW) view: LifecycleView | null,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { loaders }: Context,
  ) {
    const search = { filter: filter ?? null, orderBy: orderBy ?? [], view: view ?? 'ACTIVE' };
    const page = pageRequest(args, listCursorLength(search.orderBy));
    return toConnection(
      await loaders.experimentRuns.load({ owner: experiment.id, arguments: { search, page } }),
    );
  }
}

@Resolver(() => RunType)
class RunFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() run: Run): string {
    return encodeNodeId('run', run.id);
  }

  @FieldResolver(() => ExperimentType, { description: 'The experiment that it is a run of.' })
  experiment(@Root() run: Run, @Ctx() { loaders }: Context): Promise<Experiment | null> {
    return loaders.experiment.load(run.experimentId);
  }

  @FieldResolver(() => RunType, { nullable: true, description: 'The run that this one is a part of.' })
  parent(@Root() run: Run, @Ctx() { loaders }: Context): Promise<Run | null> | null {
    return run.parentRunId === null ? null : loaders.run.load(run.parentRunId);
  }

  @FieldResolver(() => [TagType], { description: 'Words about it, by key.', complexity: listComplexity })
  tags(@Root() run: Run, @Ctx() { loaders }: Context) {
    return loaders.runTags.load(run.id);
  }

  @FieldResolver(() => String, { nullable: true, description: NOTE })
  async note(@Root() run: Run, @Ctx() { loaders }: Context) {
    return noteIn(await loaders.runTags.load(run.id));
  }

  @FieldResolver(() => RunType, {
    description: 'The uppermost run above it: itself where it is part of none.',
  })
  root(@Root() run: Run, @Ctx() { loaders }: Context): Promise<Run | null> {
    return run.parentRunId === null ? Promise.resolve(run) : loaders.runRoot.load(run.id);
  }

  @FieldResolver(() => RunConnection, {
    description: 'The runs that are parts of it, oldest first, without deleted ones.',
    complexity: pageComplexity,
  })
  async children(@Root() run: Run, @Args(() => PageArgs) args: PageArgs, @Ctx() { loaders }: Context) {
    return toConnection(await loaders.runChildren.load({ owner: run.id, arguments: pageRequest(args, 1) }));
  }

  @FieldResolver(() => [ParamType], { description: 'Its parameters, by key.', complexity: listComplexity })
  params(
    @Root() run: Run,
    @Arg('keys', () => [String], { nullable: true, description: 'Only these; all if absent.' })
    keys: readonly string[] | null | undefined,
    @Ctx() { loaders }: Context,
  ) {
    return loaders.runParams.load({ owner: run.id, arguments: keys ?? null });
  }

  @FieldResolver(() => [MetricSummaryType], {
    description: 'What is known of its metrics without their points, by key.',
    complexity: listComplexity,
  })
  metrics(
    @Root() run: Run,
    @Arg('keys', () => [String], { nullable: true, description: 'Only these; all if absent.' })
    keys: readonly string[] | null | undefined,
    @Ctx() { loaders }: Context,
  ) {
    return loaders.runMetrics.load({ owner: run.id, arguments: keys ?? null });
  }

  @FieldResolver(() => [MetricSeriesType], {
    description: 'Its metrics over time, in the order of `keys`; without those that have no points.',
    complexity: historyComplexity,
  })
  metricHistory(
    @Root() run: Run,
    @Args(() => MetricHistoryArgs) args: MetricHistoryArgs,
    @Ctx() { loaders }: Context,
  ) {
    return loaders.runHistory.load({ owner: run.id, arguments: historyArguments(args) });
  }

  @FieldResolver(() => [ArtifactType], { description: 'Its files, by path.', complexity: listComplexity })
  artifacts(@Root() run: Run, @Ctx() { loaders }: Context) {
    return loaders.runArtifacts.load(run.id);
  }

  @FieldResolver(() => [DatasetVersionType], {
    description: 'What it was tried on.',
    complexity: listComplexity,
  })
  datasets(@Root() run: Run, @Ctx() { loaders }: Context): Promise<readonly DatasetVersion[]> {
    return loaders.runDatasets.load(run.id);
  }
}

@Resolver(() => MetricSummaryType)
class MetricSummaryFields {
  @FieldResolver(() => DatasetVersionType, {
    nullable: true,
    description: 'The data that it was measured on. Null where nobody said.',
  })
  dataset(@Root() { datasetVersionId }: MetricSummary, @Ctx() { loaders }: Context) {
    return datasetVersionId === null ? null : loaders.datasetVersion.load(datasetVersionId);
  }
}

@Resolver(() => MetricSeriesType)
class MetricSeriesFields {
  @FieldResolver(() => [DateTimeScalar], { description: 'The time of each point.' })
  timestamps(@Root() { timestamps }: MetricSeries): Date[] {
    return Array.from(timestamps, (timestampMs) => new Date(Number(timestampMs)));
  }
}

export const TRACKING_RESOLVERS = [
  TrackingQueriesResolver,
  TrackingMutations,
  LifecycleMutations,
  SetupMutations,
  ...DELETION_RESOLVERS,
  ...RETENTION_RESOLVERS,
  TrackingSubscriptions,
  ExperimentRunsSubscription,
  RunComparisonQueries,
  ExperimentFields,
  RunFields,
  RunSetupFields,
  MetricSummaryFields,
  MetricSeriesFields,
] as const;
