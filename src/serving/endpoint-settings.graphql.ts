import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { DEFAULT_SETTINGS } from './endpoints/endpoint-settings';

const { maxBatch, maxDelayMs, latencyObjectiveMs, maxQueue, timeoutMs, cacheMaxBytes } = DEFAULT_SETTINGS;

const SAYS = {
  maxBatch: 'Most rows that run together.',
  maxDelayMs:
    'Milliseconds that an idle worker waits for more rows. 0: never, which is best for nearly every model.',
  latencyObjectiveMs:
    'Milliseconds that one run may take: the server learns what rows cost, and lets no batch grow beyond.',
  maxQueue: 'Most rows that wait for a worker; who comes later is told to come back (`OverloadedError`).',
  timeoutMs: 'Milliseconds that a caller waits who does not say (`timeoutMs` of `predict`).',
  cacheTtlMs: 'Milliseconds that an equal question to the same version is answered from memory. 0: never.',
  cacheMaxBytes: 'Memory for remembered answers, in bytes.',
  batchSizes:
    'Sizes that batches are padded to with copies of a row, ascending, the last one `maxBatch`. Empty: none.',
};

@ObjectType('EndpointSettings', {
  description: 'How an endpoint’s predictions are batched, bounded and remembered.',
})
export class EndpointSettingsType {
  @Field(() => Int, { description: SAYS.maxBatch })
  readonly maxBatch!: number;

  @Field(() => Float, { description: SAYS.maxDelayMs })
  readonly maxDelayMs!: number;

  @Field(() => Float, { description: SAYS.latencyObjectiveMs })
  readonly latencyObjectiveMs!: number;

  @Field(() => Int, { description: SAYS.maxQueue })
  readonly maxQueue!: number;

  @Field(() => Int, { description: SAYS.timeoutMs })
  readonly timeoutMs!: number;

  @Field(() => Float, { description: SAYS.cacheTtlMs })
  readonly cacheTtlMs!: number;

  @Field(() => Float, { description: SAYS.cacheMaxBytes })
  readonly cacheMaxBytes!: number;

  @Field(() => [Int], { description: SAYS.batchSizes })
  readonly batchSizes!: readonly number[];
}

@InputType('EndpointSettingsInput', {
  description:
    'How an endpoint’s predictions are batched, bounded and remembered. What is absent is as it is by default.',
})
export class EndpointSettingsInputType {
  @Field(() => Int, { nullable: true, description: `${SAYS.maxBatch} 1 to 4,096; by default ${maxBatch}.` })
  readonly maxBatch?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `${SAYS.maxDelayMs} At most 1,000; by default ${maxDelayMs}.`,
  })
  readonly maxDelayMs?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `${SAYS.latencyObjectiveMs} 1 to 60,000; by default ${latencyObjectiveMs}.`,
  })
  readonly latencyObjectiveMs?: number | null;

  @Field(() => Int, { nullable: true, description: `${SAYS.maxQueue} By default ${maxQueue}.` })
  readonly maxQueue?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `${SAYS.timeoutMs} 1 to 60,000; by default ${timeoutMs}.`,
  })
  readonly timeoutMs?: number | null;

  @Field(() => Float, { nullable: true, description: `${SAYS.cacheTtlMs} At most 30 days; by default 0.` })
  readonly cacheTtlMs?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `${SAYS.cacheMaxBytes} 1 MiB to 1 GiB; by default ${cacheMaxBytes / 1024 ** 2} MiB.`,
  })
  readonly cacheMaxBytes?: number | null;

  @Field(() => [Int], { nullable: true, description: `${SAYS.batchSizes} By default none.` })
  readonly batchSizes?: readonly number[] | null;
}
