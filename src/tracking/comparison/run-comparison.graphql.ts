import { Arg, Ctx, Field, Float, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../../kernel/context.graphql';
import { DoubleScalar } from '../../kernel/scalars.graphql';
import {
  MAX_COMPARED_KEYS,
  MAX_COMPARED_RUNS,
  MIN_COMPARED_RUNS,
  type ComparedKey,
  type ParamInfluence,
} from './run-comparison';
import type { Run, RunComparison, Tracking } from '../tracking';
import { RunType } from '../tracking.graphql';

const VALUES = 'One value for each run, in the order of `runs`. Null where a run has none.';
const DIFFERS = 'Whether the runs do not all have the same; having none is another value.';

@ObjectType('ComparedText', { description: 'A param, a tag or a fact of the source, side by side.' })
class ComparedTextType {
  @Field(() => String, { description: 'Name of the param, tag or fact.' })
  readonly key!: string;

  @Field(() => [String], { nullable: 'items', description: VALUES })
  readonly values!: readonly (string | null)[];

  @Field(() => Boolean, { description: DIFFERS })
  readonly differs!: boolean;
}

@ObjectType('ComparedMetric', { description: 'The last values of a metric, side by side.' })
class ComparedMetricType {
  @Field(() => String, { description: 'Name of the metric.' })
  readonly key!: string;

  @Field(() => [DoubleScalar], { nullable: 'items', description: VALUES })
  readonly values!: readonly (number | null)[];

  @Field(() => Boolean, { description: DIFFERS })
  readonly differs!: boolean;
}

@ObjectType('ParamInfluence', { description: 'What a param tells of a metric, among the runs that have it.' })
class ParamInfluenceType {
  @Field(() => String, { description: 'Name of the param.' })
  readonly key!: string;

  @Field(() => Int, {
    description: 'Runs that have both as finite numbers: the correlations are over these.',
  })
  readonly runCount!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Pearson's correlation, −1 to 1. Null where the param is no number, or nothing varies.",
  })
  readonly pearson!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "Spearman's correlation of ranks, −1 to 1: any relation that only rises or only falls.",
  })
  readonly spearman!: number | null;

  @Field(() => Float, {
    description:
      'Share of 0 to 1 among the params: what a random forest loses when the param is permuted. 0 for all where there are too few runs.',
  })
  readonly importance!: number;
}

@ObjectType('RunComparison', { description: 'Several runs side by side.' })
export class RunComparisonType {
  @Field(() => [RunType], { description: 'The runs, in the order in which they were asked for.' })
  readonly runs!: readonly Run[];

  @Field(() => [ComparedTextType], { description: 'Parameters by key.' })
  readonly params!: readonly ComparedKey<string>[];

  @Field(() => [ComparedMetricType], { description: 'Metrics of the runs as a whole, by key.' })
  readonly metrics!: readonly ComparedKey<number>[];

  @Field(() => [ComparedTextType], { description: 'Tags by key.' })
  readonly tags!: readonly ComparedKey<string>[];

  @Field(() => [ComparedTextType], {
    description: 'Where the code came from: `repository`, `commit`, `entryPoint` and `dirty`.',
  })
  readonly source!: readonly ComparedKey<string>[];

  @Field(() => Boolean, {
    description: `Whether all keys are shown. Of each kind at most ${MAX_COMPARED_KEYS} are: those that differ first.`,
  })
  readonly isWhole!: boolean;

  @Field(() => [ParamInfluenceType], {
    description:
      'What the params that differ tell of the metric that was asked about, the most important first; at most 50. Empty without one.',
  })
  readonly influences!: readonly ParamInfluence[];
}

/** A comparison reads all facts of its runs, and costs like that many runs with a few fields. */
const COST_OF_RUN = 5;

@Resolver()
export class RunComparisonQueries {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Query(() => RunComparisonType, {
    nullable: true,
    description:
      'Compares runs: what they have side by side, what differs, and what explains a metric. Null where one of them is not there.',
    complexity: ({ args, childComplexity }) =>
      childComplexity + COST_OF_RUN * (Array.isArray(args.runIds) ? args.runIds.length : 1),
  })
  compareRuns(
    @Arg('runIds', () => [ID], {
      description: `Ids of ${MIN_COMPARED_RUNS} to ${MAX_COMPARED_RUNS} runs, each once.`,
    })
    runIds: readonly string[],
    @Arg('metric', () => String, {
      nullable: true,
      description: 'Name of the metric that the params are to explain.',
    })
    metric: string | null | undefined,
    @Ctx() { actor }: Context,
  ): Promise<RunComparison | null> {
    return this.services.tracking.compareRuns(actor, runIds, metric ?? null);
  }
}
