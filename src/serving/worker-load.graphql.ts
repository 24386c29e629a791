import { Ctx, Field, Float, Int, ObjectType, Query, registerEnumType, Resolver } from 'type-graphql';
import { requires } from '../auth/auth';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { BatchesClosedType } from './serving.graphql';
import { RemoteModelType } from './remote-load.graphql';
import type { UsedGpu, RemoteStatus, Serving, WorkerLoad, WorkerState, WorkerStatus } from './serving';

const WorkerStateEnum = {
  STARTING: 'starting',
  IDLE: 'idle',
  BUSY: 'busy',
  DOWN: 'down',
  STOPPED: 'stopped',
} as const satisfies Record<string, WorkerState>;
registerEnumType(WorkerStateEnum, {
  name: 'WorkerState',
  description: 'What a worker does.',
  valuesConfig: {
    STARTING: { description: 'It is being started, or loads what endpoints run.' },
    IDLE: { description: 'It waits for a run.' },
    BUSY: { description: 'It runs or loads a model.' },
    DOWN: { description: 'It has died or did not start, and is tried again; or its `node` does not answer.' },
    STOPPED: { description: 'The server is stopping.' },
  },
});

@ObjectType('SkippedProvider', { description: 'An execution provider that was tried and does not work.' })
class SkippedProviderType {
  @Field(() => String, { description: 'Its name, for example `cuda`.' })
  readonly provider!: string;

  @Field(() => String, { description: 'What it said.' })
  readonly reason!: string;
}

@ObjectType('HeldBackModel', {
  description: 'A model that has ended processes again and again, and is run for nobody for a time.',
})
class HeldBackModelType {
  @Field(() => String, { description: 'SHA-256 of its artifact.' })
  readonly sha256!: string;

  @Field(() => String, { description: 'What happened, how often, and after how long it may be tried again.' })
  readonly reason!: string;
}

@ObjectType('Worker', { description: 'A process that runs models.' })
class WorkerType {
  @Field(() => Int, {
    description: 'Its number, from 0; it keeps it when it is started again, and no other one gets it.',
  })
  readonly id!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'The worker process that it belongs to, as `host:port`. Null where the process that answers runs models itself.',
  })
  readonly node!: string | null;

  @Field(() => WorkerStateEnum, { description: 'What it does.' })
  readonly state!: WorkerState;

  @Field(() => String, {
    nullable: true,
    description:
      'Why its `node` does not answer, and since when, as far as this process has seen. Null where it does.',
  })
  readonly problem!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The execution provider in use, for example `cpu` or `cuda`. Null while there is no process.',
  })
  readonly provider!: string | null;

  @Field(() => [SkippedProviderType], { description: 'Those preferred to it, and why they are not used.' })
  readonly skippedProviders!: WorkerStatus['skippedProviders'];

  @Field(() => Int, { description: 'Times that it was started again since the server began.' })
  readonly restarts!: number;

  @Field(() => Int, { description: 'Models that it holds.' })
  readonly modelCount!: number;

  @Field(() => [HeldBackModelType], {
    description:
      'Models that its `node` holds back, or the process that answers: others may run them meanwhile.',
  })
  readonly heldBack!: WorkerLoad['workers'][number]['heldBack'];

  @Field(() => Float, {
    nullable: true,
    description: 'Memory of its process, in bytes, as it last told. Null while there is none.',
  })
  readonly rssBytes!: number | null;

  @Field(() => Float, { description: 'Memory that it may take, in bytes.' })
  readonly budgetBytes!: number;
}

@ObjectType('Gpu', {
  description: 'A graphics card of a machine that runs models, as its driver sees it, whoever uses it.',
})
class GpuType {
  @Field(() => Int, { description: 'Its number on its machine.' })
  readonly index!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'The worker process whose machine has it, as `host:port`. Null: the machine of the process that answers.',
  })
  readonly node!: string | null;

  @Field(() => [Int], {
    description:
      'Numbers of the workers that are known to compute on it. A worker on CUDA is not known where its machine has several cards, unless `CUDA_VISIBLE_DEVICES` has their UUIDs, or `CUDA_DEVICE_ORDER` is `PCI_BUS_ID`.',
  })
  readonly workers!: readonly number[];

  @Field(() => String, { description: 'Its identity, which stays when cards are added.' })
  readonly uuid!: string;

  @Field(() => String, { description: 'What its maker calls it.' })
  readonly name!: string;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the time in which it computed something, 0 to 1. Null: it does not tell.',
  })
  readonly utilisation!: number | null;

  @Field(() => Float, { nullable: true, description: 'Memory in use, in bytes. Null: it does not tell.' })
  readonly memoryUsedBytes!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Memory that it has, in bytes. Null: it does not tell.',
  })
  readonly memoryTotalBytes!: number | null;

  @Field(() => Float, { nullable: true, description: 'Degrees Celsius. Null: it does not tell.' })
  readonly temperatureC!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Power that it takes, in watts. Null: it does not tell.',
  })
  readonly powerW!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Power that it may take, in watts. Null: it does not tell.',
  })
  readonly powerLimitW!: number | null;
}

@ObjectType('WorkerLoad', {
  description: 'How busy one server process is, and the machines that run its models.',
})
class WorkerLoadType {
  @Field(() => [WorkerType], {
    complexity: listComplexity,
    description:
      'Its workers, by number; those of a node that does not answer too, as long as the node is expected.',
  })
  readonly workers!: readonly WorkerStatus[];

  @Field(() => [String], {
    description:
      'Why workers that should be there are not among them, a sentence each: the name that has no addresses, the database that cannot be asked, a heartbeat that is too old. Empty where all are found, and where this process runs models itself.',
  })
  readonly undiscovered!: readonly string[];

  @Field(() => [GpuType], {
    complexity: listComplexity,
    description:
      'The graphics cards of this machine and of those of all workers, at most two seconds ago. Empty where `nvidia-smi` knows of none.',
  })
  readonly gpus!: readonly UsedGpu[];

  @Field(() => [RemoteModelType], {
    complexity: listComplexity,
    description: 'The models that other servers have, of those that this process has looked at.',
  })
  readonly remotes!: readonly RemoteStatus[];

  @Field(() => Float, { description: 'Rows that wait for a run.' })
  readonly queuedRows!: number;

  @Field(() => Float, { description: 'Bytes of the inputs that wait.' })
  readonly queuedBytes!: number;

  @Field(() => Float, { description: 'Batches that were run since the server began.' })
  readonly batches!: number;

  @Field(() => Float, { description: 'Rows that were in them.' })
  readonly rows!: number;

  @Field(() => [BatchesClosedType], {
    description: 'The same batches by why they went off, since the server began.',
  })
  readonly closed!: WorkerLoad['closed'];
}

@Resolver()
export class WorkerLoadOperations {
  constructor(private readonly services: { readonly serving: Serving }) {}

  @Query(() => WorkerLoadType, {
    description: `How busy the server process is that answers, with the work of all projects. ${requires('server:observe')}`,
  })
  workerLoad(@Ctx() { actor }: Context): Promise<WorkerLoad> {
    return this.services.serving.workerLoad(actor);
  }
}
