import DataLoader from 'dataloader';
import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { DatasetVersion } from '../datasets/datasets';
import type { Actor } from '../kernel/actor';
import { connectionOf } from '../kernel/connection.graphql';
import type { Loaders } from '../kernel/context.graphql';
import type { Page, PageRequest } from '../kernel/cursor';
import { NodeType, type NodeResolvers } from '../kernel/node.graphql';
import { BigIntScalar, DateTimeScalar, DoubleScalar } from '../kernel/scalars.graphql';
import { groupedLoader, type Asked } from './grouped-loader';
import { historyRequest, type HistoryArguments } from './metrics/metric-history.graphql';
import type { Reproduction } from './setup/reproduction';
import type { RunSetup } from './setup/run-setup';
import type {
  Experiment,
  ExperimentId,
  KeyValue,
  LifecycleView,
  MetricSeries,
  MetricSummary,
  ObeyedRule,
  Run,
  RunArtifact,
  RunId,
  RunSearch,
  RunStatus,
  Tracking,
} from './tracking';

type Keys = readonly string[] | null;
interface ListArguments {
  readonly search: RunSearch;
  readonly page: PageRequest;
}
type ByRun<Arguments, Value> = DataLoader<Asked<RunId, Arguments>, Value, string>;

interface TrackingLoaders {
  readonly experiment: DataLoader<ExperimentId, Experiment | null>;
  readonly experimentRetention: DataLoader<ExperimentId, ObeyedRule>;
  readonly experimentTags: DataLoader<ExperimentId, readonly KeyValue[]>;
  readonly experimentRuns: DataLoader<Asked<ExperimentId, ListArguments>, Page<Run>, string>;
  readonly run: DataLoader<RunId, Run | null>;
  readonly runRoot: DataLoader<RunId, Run | null>;
  readonly runChildren: ByRun<PageRequest, Page<Run>>;
  readonly runTags: DataLoader<RunId, readonly KeyValue[]>;
  readonly runParams: ByRun<Keys, readonly KeyValue[]>;
  readonly runMetrics: ByRun<Keys, readonly MetricSummary[]>;
  readonly runHistory: ByRun<HistoryArguments, readonly MetricSeries[]>;
  readonly runArtifacts: DataLoader<RunId, readonly RunArtifact[]>;
  readonly runDatasets: DataLoader<RunId, readonly DatasetVersion[]>;
  readonly runSetup: DataLoader<RunId, RunSetup>;
  readonly runModelPins: DataLoader<RunId, readonly RunArtifact[]>;
  readonly runReproduction: DataLoader<Run, Reproduction, RunId>;
}

declare module '../kernel/context.graphql' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- adds the loaders above
  interface Loaders extends TrackingLoaders {}
}

export const trackingLoaders = (
  { tracking }: { readonly tracking: Tracking },
  actor: Actor,
): TrackingLoaders => ({
  experiment: new DataLoader((ids) => tracking.experimentsByIds(actor, ids)),
  experimentRetention: new DataLoader((ids) => tracking.deletion.retention.rulesByExperimentIds(actor, ids)),
  experimentTags: new DataLoader((ids) => tracking.tagsByExperimentIds(actor, ids)),
  experimentRuns: groupedLoader((ids, { search, page }) =>
    tracking.runsByExperimentIds(actor, ids, search, page),
  ),
  run: new DataLoader((ids) => tracking.runsByIds(actor, ids)),
  runRoot: new DataLoader((ids) => tracking.rootsByRunIds(actor, ids)),
  runChildren: groupedLoader((ids, page) => tracking.childrenByRunIds(actor, ids, page)),
  runTags: new DataLoader((ids) => tracking.tagsByRunIds(actor, ids)),
  runParams: groupedLoader((ids, keys) => tracking.paramsByRunIds(actor, ids, keys)),
  runMetrics: groupedLoader((ids, keys) => tracking.metricSummariesByRunIds(actor, ids, keys)),
  runHistory: groupedLoader((ids, args) => tracking.historyByRunIds(actor, ids, historyRequest(args))),
  runArtifacts: new DataLoader((ids) => tracking.artifactsByRunIds(actor, ids)),
  runDatasets: new DataLoader((ids) => tracking.datasetsByRunIds(actor, ids)),
  runSetup: new DataLoader((ids) => tracking.setups.ofRuns(actor, ids)),
  runModelPins: new DataLoader((ids) => tracking.setups.modelPins(actor, ids)),
  runReproduction: new DataLoader((runs) => tracking.reproductions.ofRuns(actor, runs), {
    cacheKeyFn: ({ id }) => id,
  }),
});

export const trackingNodes: NodeResolvers = {
  experiment: {
    type: 'Experiment',
    load: ({ experiment }: Loaders, id) => experiment.load(id as ExperimentId),
  },
  run: { type: 'Run', load: ({ run }: Loaders, id) => run.load(id as RunId) },
};

export const RunStatusEnum = {
  SCHEDULED: 'SCHEDULED',
  RUNNING: 'RUNNING',
  FINISHED: 'FINISHED',
  FAILED: 'FAILED',
  KILLED: 'KILLED',
} as const satisfies { readonly [Status in RunStatus]: Status };
registerEnumType(RunStatusEnum, {
  name: 'RunStatus',
  description: 'Where a run stands.',
  valuesConfig: {
    SCHEDULED: { description: 'It waits for its beginning, and takes nothing yet.' },
    RUNNING: { description: 'It goes on, and takes metrics, params and artifacts.' },
    FINISHED: { description: 'It came to its end.' },
    FAILED: { description: 'It broke. It may be taken up again.' },
    KILLED: { description: 'Somebody stopped it.' },
  },
});

export const LifecycleViewEnum = {
  ACTIVE: 'ACTIVE',
  DELETED: 'DELETED',
  ALL: 'ALL',
} as const satisfies { readonly [View in LifecycleView]: View };
registerEnumType(LifecycleViewEnum, {
  name: 'LifecycleView',
  description: 'Which of the things that may be deleted a list has.',
  valuesConfig: {
    ACTIVE: { description: 'Those that are not deleted.' },
    DELETED: { description: 'Those that are deleted and may be restored.' },
    ALL: { description: 'Both.' },
  },
});

@ObjectType('Param', { description: 'A parameter of a run. It never changes.' })
export class ParamType {
  @Field(() => String, { description: 'Unique in the run.' })
  readonly key!: string;

  @Field(() => String, { description: 'The value, as text.' })
  readonly value!: string;
}

@ObjectType('Artifact', { description: 'A file: bytes, and the path under which a thing knows them.' })
export class ArtifactType {
  @Field(() => String, {
    description: 'SHA-256 of the bytes, hexadecimal. `GET /artifacts/sha256/{sha256}` downloads them.',
  })
  readonly sha256!: string;

  @Field(() => String, { description: 'Path with slashes, relative to the thing that has the file.' })
  readonly path!: string;

  @Field(() => BigIntScalar, { description: 'Size in bytes.' })
  readonly sizeBytes!: number;
}

@ObjectType('MetricSummary', { description: 'What is known of a metric without reading its points.' })
export class MetricSummaryType {
  @Field(() => String, { description: 'Name of the metric.' })
  readonly key!: string;

  @Field(() => DoubleScalar, {
    description: 'Value at the highest step. Among equal steps the latest in time, then the last to arrive.',
  })
  readonly last!: number;

  @Field(() => DoubleScalar, { nullable: true, description: 'Smallest value. Null if all were NaN.' })
  readonly min!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Largest value. Null if all were NaN.' })
  readonly max!: number | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The lowest step at which it was smallest: where a metric that should go down last improved. Null if all were NaN, or for values from before this was kept.',
  })
  readonly minStep!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The lowest step at which it was largest: where a metric that should go up last improved. Null if all were NaN, or for values from before this was kept.',
  })
  readonly maxStep!: bigint | null;

  @Field(() => DoubleScalar, {
    nullable: true,
    description:
      'Mean of all values other than NaN. Null if there are none, or if the first came before this was kept.',
  })
  readonly mean!: number | null;

  @Field(() => BigIntScalar, {
    description: 'Number of points, NaN among them; one that was logged twice is two.',
  })
  readonly count!: number;

  @Field(() => BigIntScalar, { description: 'The highest step.' })
  readonly lastStep!: bigint;
}

@ObjectType('MetricSeries', {
  description:
    'Points of one metric as columns of equal length, in order of step. One that was logged twice is there twice.',
})
export class MetricSeriesType {
  @Field(() => String, { description: 'Name of the metric.' })
  readonly key!: string;

  @Field(() => [BigIntScalar], { description: 'The step of each point.' })
  readonly steps!: Iterable<bigint>;

  @Field(() => [DoubleScalar], { description: 'The value of each point, exact.' })
  readonly values!: Iterable<number>;
}

@ObjectType('Source', { description: 'Where the code came from.' })
export class SourceType {
  @Field(() => String, { nullable: true, description: 'Address of the repository.' })
  readonly repository!: string | null;

  @Field(() => String, { nullable: true, description: 'Hash of the commit.' })
  readonly commit!: string | null;

  @Field(() => String, { nullable: true, description: 'What was run: a file, a module or a command.' })
  readonly entryPoint!: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there were changes beyond the commit.' })
  readonly dirty!: boolean | null;
}

@ObjectType('Experiment', { implements: NodeType, description: 'Runs that try the same question.' })
export class ExperimentType {
  @Field(() => String, { description: 'Unique in the project.' })
  readonly name!: string;

  @Field(() => String, { nullable: true, description: 'What the question is.' })
  readonly description!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  readonly createdAt!: Date;

  @Field(() => DateTimeScalar, {
    description: 'When its name, description or tags changed last, or it was deleted or restored.',
  })
  readonly updatedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was deleted. Null unless it is; it may be restored.',
  })
  readonly deletedAt!: Date | null;
}

@ObjectType('Run', {
  implements: NodeType,
  description: 'One try: its parameters, its metrics over time, and what came out.',
})
export class RunType {
  @Field(() => String, { description: 'A name to talk about; not unique.' })
  readonly name!: string;

  @Field(() => RunStatusEnum, { description: 'Where it stands.' })
  readonly status!: RunStatus;

  @Field(() => DateTimeScalar, { description: 'When it was started.' })
  readonly startedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended. Null while it goes on.' })
  readonly endedAt!: Date | null;

  @Field(() => SourceType, { nullable: true, description: 'Where the code came from, if it was said.' })
  readonly source!: SourceType | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was deleted. Null unless it is; it may be restored.',
  })
  readonly deletedAt!: Date | null;
}

export const ExperimentConnection = connectionOf<Experiment>('Experiment', () => ExperimentType);
export const RunConnection = connectionOf<Run>('Run', () => RunType);

/** The argument of lists whose things may be deleted. */
export const VIEW = {
  nullable: true,
  defaultValue: LifecycleViewEnum.ACTIVE,
  description: 'Those that are not deleted if absent.',
} as const;

@InputType('SourceInput', { description: 'Where the code came from.' })
export class SourceInput {
  @Field(() => String, { nullable: true, description: 'Address of the repository.' })
  readonly repository?: string | null;

  @Field(() => String, { nullable: true, description: 'Hash of the commit.' })
  readonly commit?: string | null;

  @Field(() => String, { nullable: true, description: 'What was run: a file, a module or a command.' })
  readonly entryPoint?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there were changes beyond the commit.' })
  readonly dirty?: boolean | null;
}
