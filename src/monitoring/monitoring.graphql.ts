import DataLoader from 'dataloader';
import { Field, FieldResolver, Float, ObjectType, registerEnumType, Resolver, Root, Ctx } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context, Loaders } from '../kernel/context.graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type { ModelVersion } from '../registry/registry';
import { ModelVersionType } from '../registry/registry.graphql';
import type { Door, RanOn } from '../serving/serving';
import { BatchesClosedType } from '../serving/serving.graphql';
import { bucketsIn } from './histogram';
import type {
  BatchesClosed,
  BatchSizeQuantiles,
  DoorLatency,
  FailureCount,
  LatencyQuantiles,
  LatencySpan,
  LatencyWindow,
  Monitoring,
  PredictionCost,
  VariantLatency,
} from './monitoring';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly latencies: DataLoader<LatencySpan, readonly LatencyWindow[], string>;
  }
}

export const monitoringLoaders = (
  { monitoring }: { readonly monitoring: Monitoring },
  actor: Actor,
): Pick<Loaders, 'latencies'> => ({
  latencies: new DataLoader((spans) => monitoring.latencies(actor, spans), {
    cacheKeyFn: ({ askedId, since, maxPoints }) => `${askedId} ${since.getTime()} ${maxPoints}`,
  }),
});

@ObjectType('LatencyHistogram', {
  description:
    'How many predictions took how long. Every histogram has the same buckets, the bound of each 1.0408 times the one ' +
    'before: those of several windows, variants or endpoints are merged by adding the counts of equal bounds.',
})
class LatencyHistogramType {
  @Field(() => [Float], {
    description:
      'The longest duration of each bucket that is not empty, in ms, ascending; 0.001 holds all that is shorter.',
  })
  readonly upToMs!: readonly number[];

  @Field(() => [Float], { description: 'How many predictions are in each of them.' })
  readonly counts!: readonly number[];
}

@ObjectType('LatencyQuantiles', {
  description: 'Durations in milliseconds, within 2 %. Null where no prediction was answered.',
})
class LatencyQuantilesType {
  @Field(() => Float, { nullable: true, description: 'Half of the predictions took at most this, in ms.' })
  readonly p50Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '90 % of the predictions took at most this, in ms.' })
  readonly p90Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '95 % of the predictions took at most this, in ms.' })
  readonly p95Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '99 % of the predictions took at most this, in ms.' })
  readonly p99Ms!: number | null;

  @Field(() => Float, { nullable: true, description: '99.9 % of the predictions took at most this, in ms.' })
  readonly p999Ms!: number | null;
}

@Resolver(() => LatencyQuantilesType)
export class LatencyQuantilesFields {
  @FieldResolver(() => LatencyHistogramType, {
    description: 'All durations, for those who merge several: percentiles cannot be added or averaged.',
  })
  histogram(@Root() { histogram }: LatencyQuantiles): LatencyHistogramType {
    const buckets = bucketsIn(histogram);
    return { upToMs: buckets.map(({ upToMs }) => upToMs), counts: buckets.map(({ count }) => count) };
  }
}

@ObjectType('BatchSizes', {
  description:
    'Rows of the batches that predictions ran in: exact up to 24, within 2 % and half a row beyond. Null where none ran.',
})
class BatchSizesType {
  @Field(() => Float, { nullable: true, description: 'Half of the predictions ran with at most so many.' })
  readonly p50!: number | null;

  @Field(() => Float, { nullable: true, description: '90 % of the predictions ran with at most so many.' })
  readonly p90!: number | null;

  @Field(() => Float, { nullable: true, description: '99 % of the predictions ran with at most so many.' })
  readonly p99!: number | null;
}

@ObjectType('FailureCount', { description: 'Predictions that were refused for one reason.' })
class FailureCountType {
  @Field(() => String, {
    description:
      'Why: `invalid-input`, `overloaded` (the queue was full), `deadline`, `crashed` (the worker died), `timeout` (the run ' +
      'was killed), `remote` (another server failed), `quarantined`, `load-failed`, `memory`, `busy`, `stopped`, `unfit` or ' +
      '`not-found`. Callers who left before their answer are not counted.',
  })
  readonly reason!: string;

  @Field(() => Float, { description: 'How many.' })
  readonly count!: number;
}

@ObjectType('RanOn', { description: 'What has computed answers.' })
class RanOnType {
  @Field(() => String, { description: 'The kind of backend, for example `onnx`.' })
  readonly backend!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The execution provider, for example `cpu` or `cuda`. Null where the backend does not tell.',
  })
  readonly provider!: string | null;
}

export const PredictionDoor = {
  GRAPHQL: 'graphql',
  OPEN_INFERENCE_HTTP: 'open-inference-http',
  OPEN_INFERENCE_GRPC: 'open-inference-grpc',
  TF_SERVING: 'tf-serving',
} as const satisfies Record<string, Door>;
registerEnumType(PredictionDoor, {
  name: 'PredictionDoor',
  description: 'The protocol by which predictions are asked for.',
  valuesConfig: {
    GRAPHQL: { description: '`predict` and `predictMany`.' },
    OPEN_INFERENCE_HTTP: { description: 'Below `/v2`.' },
    OPEN_INFERENCE_GRPC: { description: '`inference.GRPCInferenceService`, its streams too.' },
    TF_SERVING: { description: 'Below `/v1/models`.' },
  },
});

@ObjectType()
abstract class MeasurementFields {
  @Field(() => Float, { description: 'Predictions, refused ones included.' })
  readonly requests!: number;

  @Field(() => Float, { description: 'Predictions per second, refused ones included.' })
  readonly requestsPerSecond!: number;

  @Field(() => Float, { description: 'Refused predictions of all, 0 to 1; refused input counts too.' })
  readonly errorRate!: number;

  @Field(() => [FailureCountType], { description: 'The refused ones by why, the most frequent first.' })
  readonly failures!: readonly FailureCount[];

  @Field(() => Float, {
    nullable: true,
    description: 'Mean number of rows that ran with a prediction. Null where no batch was run.',
  })
  readonly meanBatchSize!: number | null;

  @Field(() => BatchSizesType, { description: 'How many rows ran with a prediction; cached answers apart.' })
  readonly batchSizes!: BatchSizeQuantiles;

  @Field(() => [BatchesClosedType], {
    description:
      'Batches by why they went off, the most frequent first. One that several predictions share counts with one of them.',
  })
  readonly batchesClosed!: readonly BatchesClosed[];

  @Field(() => Float, {
    nullable: true,
    description: 'Remembered answers of all answers, 0 to 1. Null where none was answered.',
  })
  readonly cachedShare!: number | null;

  @Field(() => Float, {
    description:
      'How many predictions waited at a time, on average: what they waited together by the time there was.',
  })
  readonly meanQueueDepth!: number;

  @Field(() => LatencyQuantilesType, {
    description:
      'From the question to its answer, in the server: without parsing and encoding, which come on top.',
  })
  readonly total!: LatencyQuantiles;

  @Field(() => LatencyQuantilesType, {
    description: 'From the bytes of the call to the question. Not measured over WebSockets.',
  })
  readonly parse!: LatencyQuantiles;

  @Field(() => LatencyQuantilesType, {
    description: 'Waiting for a batch and a worker; cached answers apart.',
  })
  readonly queue!: LatencyQuantiles;

  @Field(() => LatencyQuantilesType, { description: 'Running in the worker; cached answers apart.' })
  readonly compute!: LatencyQuantiles;

  @Field(() => LatencyQuantilesType, {
    description: 'From the answer to its bytes, of the whole call. Not measured over WebSockets.',
  })
  readonly encode!: LatencyQuantiles;
}

@ObjectType('DoorLatency', { description: 'What came by one door.' })
class DoorLatencyType extends MeasurementFields {
  @Field(() => PredictionDoor, { description: 'The door.' })
  readonly door!: Door;
}

@ObjectType('PredictionCost', {
  description:
    'What 1,000 answered predictions have cost, at today’s prices of workers and of other servers’ time; what has no price adds nothing.',
})
class PredictionCostType {
  @Field(() => Float, { description: 'For the time that their runs took, in `currency`.' })
  readonly busyPerThousand!: number;

  @Field(() => Float, {
    description:
      'With the workers’ idle time before them (an hour at most), shared by use, in `currency`: over a long span, what all workers cost. Of other servers no idle time is known.',
  })
  readonly fullPerThousand!: number;

  @Field(() => String, {
    nullable: true,
    description: 'As `WORKER_PRICE_CURRENCY` says. Null: it says nothing.',
  })
  readonly currency!: string | null;
}

@ObjectType('VariantLatency', { description: 'How one version did behind one variant.' })
export class VariantLatencyType extends MeasurementFields {
  @Field(() => String, {
    description: 'Name of the variant, or `total`; of what was asked by reference the version’s.',
  })
  readonly variant!: string;

  @Field(() => Float, { description: 'Its share of the traffic in the window, relative to the others.' })
  readonly weight!: number;

  @Field(() => Boolean, { description: 'Whether it only got a copy of the traffic; no part of the total.' })
  readonly shadow!: boolean;

  @Field(() => [RanOnType], {
    description: 'What has computed its answers. Empty where none was computed.',
  })
  readonly ranOn!: readonly RanOn[];

  @Field(() => [DoorLatencyType], {
    complexity: listComplexity,
    description: 'The same by the doors that were used. A shadow’s copies count with their originals’ door.',
  })
  readonly doors!: readonly DoorLatency[];
}

@Resolver(() => VariantLatencyType)
export class VariantLatencyFields {
  constructor(private readonly services: { readonly monitoring: Monitoring }) {}

  @FieldResolver(() => ModelVersionType, {
    description: 'The version that answered. Of the total: the newest variant’s.',
  })
  async version(@Root() latency: VariantLatency, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    const version = await loaders.modelVersion.load(latency.versionId);
    if (!version) throw new Error('A version that was measured is never deleted.');
    return version;
  }

  @FieldResolver(() => PredictionCostType, {
    nullable: true,
    description:
      'What its predictions have cost. Null where nothing was answered, without a price of what has computed them, and where an earlier release of the server kept no time of it.',
  })
  cost(@Root() latency: VariantLatency): PredictionCost | null {
    return this.services.monitoring.costOf(latency);
  }
}

@ObjectType('LatencyWindow', {
  description: 'How an endpoint, or a version asked by reference, did in a span of time that is over.',
})
export class LatencyWindowType {
  @Field(() => DateTimeScalar, { description: 'Where the window begins.' })
  readonly from!: Date;

  @Field(() => DateTimeScalar, { description: 'Where it ends; this moment is no part of it.' })
  readonly to!: Date;

  @Field(() => VariantLatencyType, { description: 'All variants that answer callers, as one.' })
  readonly total!: VariantLatency;

  @Field(() => [VariantLatencyType], {
    complexity: listComplexity,
    description: 'By name of the variant. One whose alias moved has an entry for each version.',
  })
  readonly variants!: readonly VariantLatency[];
}
