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
import type {
  Experiment,
  ExperimentId,
  KeyValue,
  MetricSeries,
  MetricSummary,
  Run,
  RunArtifact,
  RunId,
  RunSearch,
  RunStatus,
  Tracking,
} from './tracking';

type Keys = readonly string[] | null;
interface HistoryArguments {
  readonly keys: readonly string[];
  readonly maxPoints: number;
}
interface ListArguments {
  readonly search: RunSearch;
  readonly page: PageRequest;
}
type ByRun<Arguments, Value> = DataLoader<Asked<RunId, Arguments>, Value, string>;

interface TrackingLoaders {
  readonly experiment: DataLoader<ExperimentId, Experiment | null>;
  readonly experimentTags: DataLoader<ExperimentId, readonly KeyValue[]>;
  readonly experimentRuns: DataLoader<Asked<ExperimentId, ListArguments>, Page<Run>, string>;
  readonly run: DataLoader<RunId, Run | null>;
  readonly runTags: DataLoader<RunId, readonly KeyValue[]>;
  readonly runParams: ByRun<Keys, readonly KeyValue[]>;
  readonly runMetrics: ByRun<Keys, readonly MetricSummary[]>;
  readonly runHistory: ByRun<HistoryArguments, readonly MetricSeries[]>;
  readonly runArtifacts: DataLoader<RunId, readonly RunArtifact[]>;
  readonly runDatasets: DataLoader<RunId, readonly DatasetVersion[]>;
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
  experimentTags: new DataLoader((ids) => tracking.tagsByExperimentIds(actor, ids)),
  experimentRuns: groupedLoader((ids, { search, page }) =>
    tracking.runsByExperimentIds(actor, ids, search, page),
  ),
  run: new DataLoader((ids) => tracking.runsByIds(actor, ids)),
  runTags: new DataLoader((ids) => tracking.tagsByRunIds(actor, ids)),
  runParams: groupedLoader((ids, keys) => tracking.paramsByRunIds(actor, ids, keys)),
  runMetrics: groupedLoader((ids, keys) => tracking.metricSummariesByRunIds(actor, ids, keys)),
  runHistory: groupedLoader((ids, { keys, maxPoints }) =>
    tracking.historyByRunIds(actor, ids, keys, maxPoints),
  ),
  runArtifacts: new DataLoader((ids) => tracking.artifactsByRunIds(actor, ids)),
  runDatasets: new DataLoader((ids) => tracking.datasetsByRunIds(actor, ids)),
});

export const trackingNodes: NodeResolvers = {
  experiment: {
    type: 'Experiment',
    load: ({ experiment }: Loaders, id) => experiment.load(id as ExperimentId),
  },
  run: { type: 'Run', load: ({ run }: Loaders, id) => run.load(id as RunId) },
};

export const RunStatusEnum = {
  RUNNING: 'RUNNING',
  FINISHED: 'FINISHED',
  FAILED: 'FAILED',
  KILLED: 'KILLED',
} as const satisfies { readonly [Status in RunStatus]: Status };
registerEnumType(RunStatusEnum, {
  name: 'RunStatus',
  description: 'Where a run stands.',
  valuesConfig: {
    RUNNING: { description: 'It goes on, and takes metrics, params and artifacts.' },
    FINISHED: { description: 'It came to its end.' },
    FAILED: { description: 'It broke. It may be taken up again.' },
    KILLED: { description: 'Somebody stopped it.' },
  },
});

@ObjectType('Param', { description: 'A parameter of a run. It never changes.' })
export class ParamType {
  @Field(() => String, { description: 'Unique in the run.' })
  readonly key!: string;

  @Field(() => String, { description: 'The value, as text.' })
  readonly value!: string;
}

@ObjectType('Tag', { description: 'A word about a thing.' })
export class TagType {
  @Field(() => String, { description: 'Unique on the thing.' })
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

  @Field(() => BigIntScalar, { description: 'The highest step.' })
  readonly lastStep!: bigint;
}

@ObjectType('MetricSeries', {
  description: 'Points of one metric as columns of equal length, in order of step.',
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
}

export const ExperimentConnection = connectionOf<Experiment>('Experiment', () => ExperimentType);
export const RunConnection = connectionOf<Run>('Run', () => RunType);

@InputType('TagInput', { description: 'A word about a thing.' })
export class TagInput {
  @Field(() => String, { description: 'Any text of 1 to 250 characters.' })
  readonly key!: string;

  @Field(() => String, { description: 'Any text of at most 6,000 characters.' })
  readonly value!: string;
}

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
