import { Field, ID, InputType } from 'type-graphql';
import { ArtifactInput } from '../datasets/datasets.graphql';
import { BigIntScalar, DateTimeScalar, DoubleScalar } from '../kernel/scalars.graphql';
import type { RunStatus } from './tracking';
import { TagInput } from '../kernel/tag.graphql';
import { RunCodeInput, RunEnvironmentInput, RunFileInput, SeedInput } from './setup/setup.inputs.graphql';
import { RunStatusEnum, SourceInput } from './tracking.graphql';

const IDEMPOTENCY_KEY = 'Any text: the same key again, within a day, gets the same answer.';
const RUN_ID = 'Id of a run that is running.';

@InputType('CreateExperimentInput', { description: 'A new experiment.' })
export class CreateExperimentInput {
  @Field(() => String, { description: 'Any text of 1 to 255 characters, unique in the project.' })
  readonly name!: string;

  @Field(() => String, { nullable: true, description: 'What the question is.' })
  readonly description?: string | null;

  @Field(() => [TagInput], { nullable: true, description: 'Words about it, each key once.' })
  readonly tags?: readonly TagInput[] | null;
}

@InputType('ParamInput', { description: 'A parameter of a run.' })
export class ParamInput {
  @Field(() => String, { description: 'Any text of 1 to 250 characters.' })
  readonly key!: string;

  @Field(() => String, { description: 'Any text of at most 6,000 characters.' })
  readonly value!: string;
}

@InputType('StartRunInput', { description: 'A run to begin: params, tags and datasets may come with it.' })
export class StartRunInput {
  @Field(() => String, { description: 'Name of the experiment; made where there is none.' })
  readonly experiment!: string;

  @Field(() => String, { nullable: true, description: 'A name to talk about; one is made up if absent.' })
  readonly name?: string | null;

  @Field(() => [ParamInput], { nullable: true, description: 'Parameters, each key once.' })
  readonly params?: readonly ParamInput[] | null;

  @Field(() => [TagInput], { nullable: true, description: 'Words about it, each key once.' })
  readonly tags?: readonly TagInput[] | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'What it is tried on: references such as `penguins@3`, or `penguins` for the newest version.',
  })
  readonly datasets?: readonly string[] | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The run that this one is a part of, in the same experiment.',
  })
  readonly parentRunId?: string | null;

  @Field(() => SourceInput, {
    nullable: true,
    description: 'Where the code came from; `code` can tell the same and more.',
  })
  readonly source?: SourceInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether it waits: it is `SCHEDULED`, and takes nothing until `finishRun` makes it `RUNNING`.',
  })
  readonly scheduled?: boolean | null;
  @Field(() => RunCodeInput, { nullable: true, description: 'The code; see `describeRun`.' })
  readonly code?: RunCodeInput | null;

  @Field(() => RunEnvironmentInput, {
    nullable: true,
    description: 'The machine and the packages; see `describeRun`.',
  })
  readonly environment?: RunEnvironmentInput | null;

  @Field(() => [SeedInput], { nullable: true, description: 'Its seeds, each name once, at most 100.' })
  readonly seeds?: readonly SeedInput[] | null;

  @Field(() => [RunFileInput], {
    nullable: true,
    description: 'Configuration files, each path once, at most 100.',
  })
  readonly configFiles?: readonly RunFileInput[] | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType('MetricPointInput', { description: 'One value of a metric.' })
export class MetricPointInput {
  @Field(() => String, { description: 'Name of the metric: any text of 1 to 250 characters.' })
  readonly key!: string;

  @Field(() => BigIntScalar, {
    defaultValue: 0, // not 0n: compiled operations write defaults as JSON
    description: 'Any whole number; may repeat and go backwards.',
  })
  readonly step!: bigint | 0;

  @Field(() => DoubleScalar, { description: 'Kept exactly: NaN, the infinities and -0 too.' })
  readonly value!: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was measured; if absent, when it arrived.',
  })
  readonly timestamp?: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The data that it was measured on: a reference such as `penguins@3`. It is a point of the metric as a whole, too.',
  })
  readonly dataset?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Id of the logged model that was measured. It is a point of the run’s metric, too.',
  })
  readonly loggedModel?: string | null;
}

@InputType('LogMetricsInput', { description: 'Points of one run.' })
export class LogMetricsInput {
  @Field(() => ID, { description: RUN_ID })
  readonly runId!: string;

  @Field(() => [MetricPointInput], { description: 'At most 100,000 points of at most 1,000 metrics.' })
  readonly points!: readonly MetricPointInput[];

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType('LogParamsInput', { description: 'Parameters of one run.' })
export class LogParamsInput {
  @Field(() => ID, { description: RUN_ID })
  readonly runId!: string;

  @Field(() => [ParamInput], {
    description: 'Each key once. A param that is there must have the same value.',
  })
  readonly params!: readonly ParamInput[];
}

@InputType('LogArtifactInput', { description: 'A file of one run.' })
export class LogArtifactInput {
  @Field(() => ID, { description: RUN_ID })
  readonly runId!: string;

  @Field(() => String, { description: 'Relative path with slashes, such as `plots/loss.png`.' })
  readonly path!: string;

  @Field(() => ArtifactInput, { description: 'The uploaded bytes.' })
  readonly artifact!: ArtifactInput;
}

@InputType('FinishRunInput', { description: 'The end of a run.' })
export class FinishRunInput {
  @Field(() => ID, { description: 'Id of the run.' })
  readonly runId!: string;

  @Field(() => RunStatusEnum, {
    defaultValue: RunStatusEnum.FINISHED,
    description: 'How it ended. `RUNNING` begins a scheduled run, or takes up a failed one again.',
  })
  readonly status!: RunStatus;
}
