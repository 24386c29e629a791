import { ArgsType, Field, Int } from 'type-graphql';
import { BigIntScalar } from '../../kernel/scalars.graphql';
import type { HistoryRequest } from '../tracking';

/** Points of a series where the caller does not say how many: one for each column of a wide chart. */
const DEFAULT_MAX_POINTS = 1_000;
/** A hundred points cost as much as a field. */
const POINTS_PER_COST = 100;

export interface AskedHistory {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}

export const historyComplexity = ({ args, childComplexity }: AskedHistory): number => {
  const series = Array.isArray(args.keys) ? args.keys.length : 1;
  const points = typeof args.maxPoints === 'number' ? args.maxPoints : DEFAULT_MAX_POINTS;
  return 1 + series * (childComplexity + Math.max(0, points) / POINTS_PER_COST);
};

/** What a field asks of series over time. */
@ArgsType()
export class MetricHistoryArgs {
  @Field(() => [String], { description: 'Names of metrics, at most 100.' })
  readonly keys!: readonly string[];

  @Field(() => Int, {
    nullable: true,
    defaultValue: DEFAULT_MAX_POINTS,
    description:
      'Points of a series, 1 to 10,000. Longer ones are down-sampled: buckets keep their first, last, smallest and largest.',
  })
  readonly maxPoints!: number | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Only points from this step on.' })
  readonly fromStep?: bigint | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Only points up to and with this step.' })
  readonly toStep?: bigint | null;

  @Field(() => String, {
    nullable: true,
    description: 'Only points that were measured on this dataset version, such as `penguins@3`.',
  })
  readonly dataset?: string | null;
}

/** The same for a loader, whose arguments are written as JSON: steps are text. */
export interface HistoryArguments {
  readonly keys: readonly string[];
  readonly maxPoints: number;
  readonly fromStep: string | null;
  readonly toStep: string | null;
  readonly dataset: string | null;
}

export const historyArguments = (args: MetricHistoryArgs): HistoryArguments => ({
  keys: args.keys,
  maxPoints: args.maxPoints ?? DEFAULT_MAX_POINTS,
  fromStep: args.fromStep?.toString() ?? null,
  toStep: args.toStep?.toString() ?? null,
  dataset: args.dataset ?? null,
});

export const historyRequest = ({
  keys,
  maxPoints,
  dataset,
  fromStep,
  toStep,
}: HistoryArguments): HistoryRequest => ({
  ...{ keys, maxPoints, dataset },
  range: { fromStep: toBigInt(fromStep), toStep: toBigInt(toStep) },
});

const toBigInt = (text: string | null) => (text === null ? null : BigInt(text));
