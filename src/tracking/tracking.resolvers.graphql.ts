import { Arg, Args, Ctx, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
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
import { encodeNodeId } from '../kernel/ids';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import { cursorLength } from './run-search';
import type { Experiment, MetricSeries, MetricSummary, Run } from './tracking';
import {
  ArtifactType,
  ExperimentType,
  MetricSeriesType,
  MetricSummaryType,
  ParamType,
  RunConnection,
  RunType,
  TagType,
} from './tracking.graphql';
import {
  RUN_FILTER,
  RUN_ORDER,
  TrackingMutations,
  TrackingQueriesResolver,
} from './tracking.operations.graphql';
import { TrackingSubscriptions } from './tracking.subscription.graphql';

/** Points of a series where the caller does not say how many: one for each column of a wide chart. */
const DEFAULT_MAX_POINTS = 1_000;

/** A hundred points cost as much as a field. */
const POINTS_PER_COST = 100;
const historyComplexity = ({
  args,
  childComplexity,
}: {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}): number => {
  const series = Array.isArray(args.keys) ? args.keys.length : 1;
  const points = typeof args.maxPoints === 'number' ? args.maxPoints : DEFAULT_MAX_POINTS;
  return 1 + series * (childComplexity + Math.max(0, points) / POINTS_PER_COST);
};

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

  @FieldResolver(() => RunConnection, { description: 'Its runs.', complexity: pageComplexity })
  async runs(
    @Root() experiment: Experiment,
    @Arg('filter', () => String, { nullable: true, description: RUN_FILTER })
    filter: string | null | undefined,
    @Arg('orderBy', () => [String], { nullable: true, description: RUN_ORDER })
    orderBy: readonly string[] | null | undefined,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { loaders }: Context,
  ) {
    const search = { filter: filter ?? null, orderBy: orderBy ?? [] };
    const page = pageRequest(args, cursorLength(search));
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
    @Arg('keys', () => [String], { description: 'Names of metrics, at most 100.' }) keys: readonly string[],
    @Arg('maxPoints', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_MAX_POINTS,
      description:
        'Points of a series, 1 to 10,000. Longer ones are down-sampled: buckets keep their first, last, smallest and largest.',
    })
    maxPoints: number | null,
    @Ctx() { loaders }: Context,
  ) {
    const args = { keys, maxPoints: maxPoints ?? DEFAULT_MAX_POINTS };
    return loaders.runHistory.load({ owner: run.id, arguments: args });
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
  TrackingSubscriptions,
  ExperimentFields,
  RunFields,
  MetricSummaryFields,
  MetricSeriesFields,
] as const;
