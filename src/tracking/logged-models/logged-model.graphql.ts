import DataLoader from 'dataloader';
import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import type { Actor } from '../../kernel/actor';
import { listComplexity } from '../../kernel/connection.graphql';
import type { Context, Loaders } from '../../kernel/context.graphql';
import { encodeNodeId } from '../../kernel/ids';
import { NodeType, type NodeResolvers } from '../../kernel/node.graphql';
import { BigIntScalar, DateTimeScalar, DoubleScalar } from '../../kernel/scalars.graphql';
import { TagType } from '../../kernel/tag.graphql';
import { groupedLoader, type Asked } from '../grouped-loader';
import {
  historyArguments,
  historyComplexity,
  historyRequest,
  MetricHistoryArgs,
  type AskedHistory,
  type HistoryArguments,
} from '../metrics/metric-history.graphql';
import type {
  KeyValue,
  LoggedModel,
  LoggedModelId,
  LoggedModelMetric,
  LoggedModelStatus,
  MetricSeries,
  MetricSummary,
  OfRun,
  Run,
  RunArtifact,
  RunId,
  Tracking,
} from '../tracking';
import {
  ArtifactType,
  ExperimentType,
  MetricSeriesType,
  MetricSummaryType,
  ParamType,
  RunType,
} from '../tracking.graphql';

/** Runs of a model where the caller does not say how many. */
const DEFAULT_RUNS = 5;
const RUNS: Parameters<typeof Arg>[2] = {
  nullable: true,
  defaultValue: DEFAULT_RUNS,
  description: 'Of how many runs, 1 to 50: those that were made last. They are told newest first.',
};

const runsIn = ({ args }: AskedHistory): number =>
  typeof args.runs === 'number' ? Math.max(1, args.runs) : DEFAULT_RUNS;

interface SummaryArguments {
  readonly keys: readonly string[] | null;
  readonly runs: number;
}
interface ModelHistoryArguments extends HistoryArguments {
  readonly runs: number;
}
type ByModel<Arguments, Value> = DataLoader<Asked<LoggedModelId, Arguments>, Value, string>;

interface LoggedModelLoaders {
  readonly loggedModel: DataLoader<LoggedModelId, LoggedModel | null>;
  readonly loggedModelParams: DataLoader<LoggedModelId, readonly KeyValue[]>;
  readonly loggedModelTags: DataLoader<LoggedModelId, readonly KeyValue[]>;
  readonly loggedModelArtifacts: DataLoader<LoggedModelId, readonly RunArtifact[]>;
  readonly loggedModelMetrics: DataLoader<LoggedModelId, readonly LoggedModelMetric[]>;
  readonly loggedModelHistory: ByModel<ModelHistoryArguments, readonly OfRun<'series', MetricSeries>[]>;
  readonly loggedModelSummaries: ByModel<SummaryArguments, readonly OfRun<'summary', MetricSummary>[]>;
  readonly runLoggedModels: DataLoader<RunId, readonly LoggedModelId[]>;
}

declare module '../../kernel/context.graphql' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- adds the loaders above
  interface Loaders extends LoggedModelLoaders {}
}

export const loggedModelLoaders = (
  { tracking: { loggedModels } }: { readonly tracking: Tracking },
  actor: Actor,
): LoggedModelLoaders => ({
  loggedModel: new DataLoader((ids) => loggedModels.byIds(actor, ids)),
  loggedModelParams: new DataLoader((ids) => loggedModels.paramsByIds(actor, ids)),
  loggedModelTags: new DataLoader((ids) => loggedModels.tagsByIds(actor, ids)),
  loggedModelArtifacts: new DataLoader((ids) => loggedModels.artifactsByIds(actor, ids)),
  loggedModelMetrics: new DataLoader((ids) => loggedModels.metricsByIds(actor, ids)),
  loggedModelHistory: groupedLoader((ids, { runs, ...args }) =>
    loggedModels.historyByIds(actor, ids, { runs, ...historyRequest(args) }),
  ),
  loggedModelSummaries: groupedLoader((ids, args) => loggedModels.summariesByIds(actor, ids, args)),
  runLoggedModels: new DataLoader(async (runIds) => {
    const lists = await loggedModels.ofRuns(actor, runIds);
    return lists.map((list) =>
      list.filter(({ direction }) => direction === 'OUTPUT').map(({ modelId }) => modelId),
    );
  }),
});

export const loggedModelNodes: NodeResolvers = {
  logged_model: {
    type: 'LoggedModel',
    load: ({ loggedModel }: Loaders, id) => loggedModel.load(id as LoggedModelId),
  },
};

const LoggedModelStatusEnum = {
  PENDING: 'PENDING',
  READY: 'READY',
  FAILED: 'FAILED',
} as const satisfies { readonly [Status in LoggedModelStatus]: Status };
registerEnumType(LoggedModelStatusEnum, {
  name: 'LoggedModelStatus',
  description: 'How far the files of a logged model are.',
  valuesConfig: {
    PENDING: { description: 'They are on their way.' },
    READY: { description: 'They are all there.' },
    FAILED: { description: 'They could not be sent.' },
  },
});

@ObjectType('LoggedModelMetric', {
  description: 'The latest value that one run has measured of a logged model, on one dataset or on none.',
})
class LoggedModelMetricType {
  @Field(() => String, { description: 'Name of the metric.' })
  readonly key!: string;

  @Field(() => DoubleScalar, { description: 'The value at the highest step.' })
  readonly value!: number;

  @Field(() => BigIntScalar, { description: 'That step.' })
  readonly step!: bigint;

  @Field(() => DateTimeScalar, { description: 'When it was measured.' })
  readonly timestamp!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'What its client calls the data. Null where it named none.',
  })
  readonly datasetName!: string | null;

  @Field(() => String, { nullable: true, description: 'What tells that data from other data of the name.' })
  readonly datasetDigest!: string | null;
}

@ObjectType('LoggedModel', {
  implements: NodeType,
  description:
    'A model as a run has logged it, before anybody decides to trust it: files that nobody opens here.',
})
class LoggedModelType {
  @Field(() => String, { description: 'Not unique.' })
  readonly name!: string;

  @Field(() => String, { nullable: true, description: 'What its maker calls this sort of model.' })
  readonly modelType!: string | null;

  @Field(() => LoggedModelStatusEnum, { description: 'How far its files are.' })
  readonly status!: LoggedModelStatus;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  readonly createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When its status, params or tags changed last.' })
  readonly updatedAt!: Date;
}

@ObjectType('LoggedModelSeries', {
  description: 'One metric of a logged model over time, as one run measured it.',
})
class LoggedModelSeriesType {
  @Field(() => MetricSeriesType, { description: 'Its points.' })
  readonly series!: MetricSeries;
}

@ObjectType('LoggedModelSummary', {
  description: 'What is known of one metric of a logged model, as one run measured it.',
})
class LoggedModelSummaryType {
  @Field(() => MetricSummaryType, { description: 'Of its points on one dataset, or on all.' })
  readonly summary!: MetricSummary;
}

@Resolver(() => LoggedModelSeriesType)
class LoggedModelSeriesFields {
  @FieldResolver(() => RunType, { description: 'Who measured it.' })
  run(@Root() { runId }: OfRun<'series', MetricSeries>, @Ctx() { loaders }: Context) {
    return loaders.run.load(runId);
  }
}

@Resolver(() => LoggedModelSummaryType)
class LoggedModelSummaryFields {
  @FieldResolver(() => RunType, { description: 'Who measured it.' })
  run(@Root() { runId }: OfRun<'summary', MetricSummary>, @Ctx() { loaders }: Context) {
    return loaders.run.load(runId);
  }
}

@Resolver(() => LoggedModelType)
class LoggedModelFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() model: LoggedModel): string {
    return encodeNodeId('logged_model', model.id);
  }

  @FieldResolver(() => ExperimentType, { description: 'The experiment that it belongs to.' })
  experiment(@Root() model: LoggedModel, @Ctx() { loaders }: Context) {
    return loaders.experiment.load(model.experimentId);
  }

  @FieldResolver(() => RunType, { nullable: true, description: 'The run that it came out of, if it did.' })
  sourceRun(@Root() { sourceRunId }: LoggedModel, @Ctx() { loaders }: Context): Promise<Run | null> | null {
    return sourceRunId === null ? null : loaders.run.load(sourceRunId);
  }

  @FieldResolver(() => [ParamType], { description: 'Its parameters, by key.', complexity: listComplexity })
  params(@Root() model: LoggedModel, @Ctx() { loaders }: Context) {
    return loaders.loggedModelParams.load(model.id);
  }

  @FieldResolver(() => [TagType], { description: 'Words about it, by key.', complexity: listComplexity })
  tags(@Root() model: LoggedModel, @Ctx() { loaders }: Context) {
    return loaders.loggedModelTags.load(model.id);
  }

  @FieldResolver(() => [ArtifactType], { description: 'Its files, by path.', complexity: listComplexity })
  artifacts(@Root() model: LoggedModel, @Ctx() { loaders }: Context) {
    return loaders.loggedModelArtifacts.load(model.id);
  }

  @FieldResolver(() => [LoggedModelMetricType], {
    description: 'What was measured of it, by key.',
    complexity: listComplexity,
  })
  metrics(@Root() model: LoggedModel, @Ctx() { loaders }: Context) {
    return loaders.loggedModelMetrics.load(model.id);
  }
}

@Resolver(() => LoggedModelType)
class LoggedModelMeasurements {
  @FieldResolver(() => [LoggedModelSeriesType], {
    description:
      'What was measured of it over time, by runs newest first, then in the order of `keys`; without those that have no points.',
    complexity: (asked) => 1 + runsIn(asked) * historyComplexity(asked),
  })
  metricHistory(
    @Root() model: LoggedModel,
    @Args(() => MetricHistoryArgs) args: MetricHistoryArgs,
    @Arg('runs', () => Int, RUNS) runs: number | null,
    @Ctx() { loaders }: Context,
  ) {
    return loaders.loggedModelHistory.load({
      owner: model.id,
      arguments: { ...historyArguments(args), runs: runs ?? DEFAULT_RUNS },
    });
  }

  @FieldResolver(() => [LoggedModelSummaryType], {
    description:
      'What is known of these series without their points, by runs newest first, then by key; of each key that on all data first.',
    complexity: (asked) => 1 + runsIn(asked) * asked.childComplexity,
  })
  metricSummaries(
    @Root() model: LoggedModel,
    @Arg('keys', () => [String], { nullable: true, description: 'Only these; all if absent.' })
    keys: readonly string[] | null | undefined,
    @Arg('runs', () => Int, RUNS) runs: number | null,
    @Ctx() { loaders }: Context,
  ) {
    return loaders.loggedModelSummaries.load({
      owner: model.id,
      arguments: { keys: keys ?? null, runs: runs ?? DEFAULT_RUNS },
    });
  }
}

@Resolver(() => RunType)
class RunLoggedModels {
  @FieldResolver(() => [LoggedModelType], {
    description: 'Models that it has logged, oldest first.',
    complexity: listComplexity,
  })
  async loggedModels(@Root() run: Run, @Ctx() { loaders }: Context): Promise<readonly LoggedModel[]> {
    const ids = await loaders.runLoggedModels.load(run.id);
    const models = await Promise.all(ids.map((id) => loaders.loggedModel.load(id)));
    return models.filter((model) => model !== null);
  }
}

export const LOGGED_MODEL_RESOLVERS = [
  LoggedModelFields,
  LoggedModelMeasurements,
  LoggedModelSeriesFields,
  LoggedModelSummaryFields,
  RunLoggedModels,
] as const;
