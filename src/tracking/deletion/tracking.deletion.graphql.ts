import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requires } from '../../auth/auth';
import type { Context } from '../../kernel/context.graphql';
import { DateTimeScalar } from '../../kernel/scalars.graphql';
import {
  answer,
  InUseErrorType,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
} from '../../kernel/user-error.graphql';
import type { Tracking } from '../tracking';

const FORCE =
  'Also where registered versions came from a run. The versions stay with all their files, and their `run` is null from then on.';
@InputType('PurgeRunsInput', { description: 'Deleted runs that are to go for good.' })
class PurgeRunsInput {
  @Field(() => [ID], { description: 'Ids of at most 1,000 runs, all of them deleted.' })
  readonly runIds!: readonly string[];

  @Field(() => Boolean, { defaultValue: false, description: FORCE })
  readonly force!: boolean;
}

@InputType('PurgeExperimentInput', { description: 'A deleted experiment that is to go for good.' })
class PurgeExperimentInput {
  @Field(() => ID, { description: 'Id of the experiment, which is deleted.' })
  readonly experimentId!: string;

  @Field(() => Boolean, { defaultValue: false, description: FORCE })
  readonly force!: boolean;
}

@InputType('PurgeDeletedInput', { description: 'What is to go for good of all that is deleted.' })
class PurgeDeletedInput {
  @Field(() => DateTimeScalar, { description: 'What was deleted before that time.' })
  readonly deletedBefore!: Date;

  @Field(() => [ID], {
    nullable: true,
    description: 'These experiments, if they are deleted, and their deleted runs: at most 100. Absent: all.',
  })
  readonly experimentIds?: readonly string[] | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Change nothing, and count.' })
  readonly dryRun!: boolean;
}

@ObjectType('PurgeRunsSuccess', { description: 'Nobody sees the runs any more.' })
class PurgeRunsSuccess {
  @Field(() => Int, { description: 'How many runs have gone.' })
  readonly runs!: number;
}

@ObjectType('PurgeExperimentSuccess', { description: 'The experiment goes for good, with its runs.' })
class PurgeExperimentSuccess {
  @Field(() => Int, { description: 'How many runs have gone by now.' })
  readonly runs!: number;

  @Field(() => Boolean, {
    description:
      'Whether all have gone, and its name is free. Of an experiment of many runs the rest follows within seconds, the experiment at last.',
  })
  readonly isComplete!: boolean;
}

@ObjectType('PurgeDeletedSuccess', { description: 'What has gone for good, or would go.' })
class PurgeDeletedSuccess {
  @Field(() => Int, { description: 'Runs: at most about 1,000 in one call that is no dry run.' })
  readonly runs!: number;

  @Field(() => Int, { description: 'Deleted experiments, all of whose runs could go.' })
  readonly experiments!: number;

  @Field(() => Int, { description: 'Runs that stay, since registered versions came from them.' })
  readonly runsInUse!: number;

  @Field(() => Boolean, { description: 'Whether there is more: call again.' })
  readonly hasMore!: boolean;
}

const PurgeRunsResult = resultUnion('PurgeRunsResult', [
  PurgeRunsSuccess,
  NotFoundErrorType,
  InUseErrorType,
  InvalidInputErrorType,
]);
const PurgeExperimentResult = resultUnion('PurgeExperimentResult', [
  PurgeExperimentSuccess,
  NotFoundErrorType,
  InUseErrorType,
  InvalidInputErrorType,
]);
const PurgeDeletedResult = resultUnion('PurgeDeletedResult', [
  PurgeDeletedSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);

/** How runs and experiments go for good. */
@Resolver()
class DeletionMutations {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Mutation(() => PurgeRunsResult, {
    description: `Takes deleted runs for good, with all that they have logged: all or none. What came from them keeps its lineage. Runs below them are nobody's children then. ${requires('tracking:purge')}`,
  })
  async purgeRuns(
    @Arg('input', () => PurgeRunsInput, { description: 'The runs.' }) input: PurgeRunsInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('PurgeRunsSuccess', await this.services.tracking.deletion.purgeRuns(actor, input));
  }

  @Mutation(() => PurgeExperimentResult, {
    description: `Takes a deleted experiment for good, with its runs. ${requires('tracking:purge')}`,
  })
  async purgeExperiment(
    @Arg('input', () => PurgeExperimentInput, { description: 'The experiment.' }) input: PurgeExperimentInput,
    @Ctx() { actor }: Context,
  ) {
    const { deletion } = this.services.tracking;
    return answer('PurgeExperimentSuccess', await deletion.purgeExperiment(actor, input));
  }

  @Mutation(() => PurgeDeletedResult, {
    description: `Takes for good what was deleted before a time. Runs that registered versions came from and runs with a tag \`keep\` stay. ${requires('tracking:purge')}`,
  })
  async purgeDeleted(
    @Arg('input', () => PurgeDeletedInput, { description: 'What is to go.' }) input: PurgeDeletedInput,
    @Ctx() { actor }: Context,
  ) {
    const { retention } = this.services.tracking.deletion;
    const { experimentIds = null, ...which } = input;
    return answer('PurgeDeletedSuccess', await retention.purgeDeleted(actor, { ...which, experimentIds }));
  }
}

export const DELETION_RESOLVERS = [DeletionMutations] as const;
