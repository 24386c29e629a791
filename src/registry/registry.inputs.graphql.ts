import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { ArtifactInput } from '../datasets/datasets.graphql';
import { DoubleScalar } from '../kernel/scalars.graphql';
import { SourceInput } from '../tracking/tracking.graphql';
import type { Comparison, Direction } from './models/model';
import { ComparisonEnum, DirectionEnum } from './registry.graphql';

const IDEMPOTENCY_KEY = 'Any text: the same key again, within a day, gets the same answer.';

@InputType('OptimizingMetricInput', { description: 'The one metric that a model is to be best at.' })
export class OptimizingMetricInput {
  @Field(() => String, { description: 'Key of the metric.' })
  readonly key!: string;

  @Field(() => DirectionEnum, { description: 'Which way it is better.' })
  readonly direction!: Direction;

  @Field(() => Float, {
    nullable: true,
    defaultValue: 0,
    description: "Differences up to this are noise; in the metric's own unit.",
  })
  readonly tolerance?: number | null;
}

@InputType('MetricLimitInput', {
  description: 'What a version must satisfy before an alias may point at it.',
})
export class MetricLimitInput {
  @Field(() => String, {
    description: 'Key of the metric. The platform measures `model_size_bytes` and `latency_p99_ms` itself.',
  })
  readonly key!: string;

  @Field(() => ComparisonEnum, { description: 'On which side of the value the number must be.' })
  readonly comparison!: Comparison;

  @Field(() => Float, { description: "The limit, in the metric's own unit." })
  readonly value!: number;
}

@InputType('CreateModelInput', { description: 'A model and what its versions are judged by.' })
export class CreateModelInput {
  @Field(() => String, { description: 'Unique in the project.' })
  readonly name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  readonly description?: string | null;

  @Field(() => OptimizingMetricInput, {
    description: 'What it is to be best at: decides what a MINOR version is.',
  })
  readonly optimizing!: OptimizingMetricInput;

  @Field(() => [MetricLimitInput], { nullable: true, description: 'What every version must merely satisfy.' })
  readonly limits?: MetricLimitInput[] | null;
}

@InputType('MetricInput', { description: 'A number that was measured for a version.' })
export class MetricInput {
  @Field(() => String, { description: 'Key of the metric.' })
  readonly key!: string;

  @Field(() => DoubleScalar, { description: 'What was measured.' })
  readonly value!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'Dataset version that it was measured on, for example `penguins-holdout@1`. Only then can versions be compared.',
  })
  readonly dataset?: string | null;
}

@InputType('ColumnsInput', {
  description: 'Feature names where one tensor holds all columns. With them rows can be given by name.',
})
export class ColumnsInput {
  @Field(() => String, { description: 'Name of the input.' })
  readonly input!: string;

  @Field(() => [String], { description: 'As many names as its last dimension has places.' })
  readonly names!: string[];
}

@InputType('RegisterModelVersionInput', { description: 'An uploaded model file, and what is known of it.' })
export class RegisterModelVersionInput {
  @Field(() => String, {
    description: 'Name of the model. Made, without a policy, where there is none: see `createModel`.',
  })
  readonly model!: string;

  @Field(() => ArtifactInput, { description: 'The model as an ONNX file.' })
  readonly artifact!: ArtifactInput;

  @Field(() => ID, { nullable: true, description: 'Run that made it.' })
  readonly runId?: string | null;

  @Field(() => [MetricInput], { nullable: true, description: 'What was measured, and on which data.' })
  readonly metrics?: MetricInput[] | null;

  @Field(() => [ColumnsInput], {
    nullable: true,
    description: 'Feature names of inputs that hold several columns.',
  })
  readonly columns?: ColumnsInput[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Names of the classes, in the order of the probabilities.',
  })
  readonly labels?: string[] | null;

  @Field(() => SourceInput, { nullable: true, description: 'Where its code came from.' })
  readonly source?: SourceInput | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Dataset versions that it was made from, for example `penguins-train@1`.',
  })
  readonly datasets?: string[] | null;

  @Field(() => String, { nullable: true, description: 'What to know about it.' })
  readonly description?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: 'The answer comes once the version can be served, also if this is false.',
  })
  readonly wait?: boolean | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType('PromoteModelVersionInput', { description: 'Which version is to go live, and where.' })
export class PromoteModelVersionInput {
  @Field(() => String, { description: 'The version: `fraud@2.1.0`, or an alias that points at it.' })
  readonly ref!: string;

  @Field(() => String, { description: 'The alias to move; made where there is none.' })
  readonly alias!: string;

  @Field(() => Int, {
    nullable: true,
    description:
      "The alias's revision as the caller read it; 0 where there was no alias. Absent: whatever it is.",
  })
  readonly expectedRevision?: number | null;

  @Field(() => String, { nullable: true, description: 'Why, for the history.' })
  readonly reason?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Runs the gates and answers as it would, but changes nothing.',
  })
  readonly dryRun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Lets it go live although requests that the alias takes today would be refused.',
  })
  readonly acceptContractBreak?: boolean | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType('RollbackAliasInput', { description: 'Which alias is to go back.' })
export class RollbackAliasInput {
  @Field(() => String, { description: 'Name of the model.' })
  readonly model!: string;

  @Field(() => String, { description: 'Name of the alias.' })
  readonly alias!: string;

  @Field(() => String, { description: 'Why, for the history.' })
  readonly reason!: string;

  @Field(() => Int, {
    nullable: true,
    description: "The alias's revision as the caller read it. Absent: whatever it is.",
  })
  readonly expectedRevision?: number | null;
}
