import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../../auth/auth';
import type { Context } from '../../kernel/context.graphql';
import {
  answer,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
} from '../../kernel/user-error.graphql';
import type { Experiment, RetentionRule, Tracking } from '../tracking';
import { ExperimentType } from '../tracking.graphql';

const DELETE_AFTER = 'Runs that ended so many days ago are deleted, and may be restored. Null: never.';
const DELETE_FAILED_AFTER = 'The same for runs that failed: the shorter time counts. Null: as all others.';
const PURGE_AFTER = 'What has been deleted for so many days goes for good. Null: never.';
const DRY_RUN = 'Change nothing, and count what the rule would come to now.';
const WOULD_DELETE = 'Runs that the rule says to delete now; counted up to about 100,000.';
const WOULD_PURGE = 'Deleted runs that the rule says to take for good now; counted up to about 100,000.';

@ObjectType('Retention', {
  description:
    'How long runs are kept. Runs that go on, runs with a tag `keep` whose value is not `false`, and runs that a registered version came from stay.',
})
class RetentionType {
  @Field(() => Int, { nullable: true, description: DELETE_AFTER })
  readonly deleteRunsAfterDays!: number | null;

  @Field(() => Int, { nullable: true, description: DELETE_FAILED_AFTER })
  readonly deleteFailedRunsAfterDays!: number | null;

  @Field(() => Int, { nullable: true, description: PURGE_AFTER })
  readonly purgeDeletedAfterDays!: number | null;
}

/** What both rules say. */
@InputType()
abstract class RuleInput {
  @Field(() => Int, { nullable: true, description: DELETE_AFTER })
  readonly deleteRunsAfterDays?: number | null;

  @Field(() => Int, { nullable: true, description: DELETE_FAILED_AFTER })
  readonly deleteFailedRunsAfterDays?: number | null;

  @Field(() => Int, { nullable: true, description: PURGE_AFTER })
  readonly purgeDeletedAfterDays?: number | null;

  @Field(() => Boolean, { defaultValue: false, description: DRY_RUN })
  readonly dryRun!: boolean;
}

@InputType('SetRetentionInput', {
  description: 'How long an experiment keeps its runs. All null: for ever, whatever the project says.',
})
class SetRetentionInput extends RuleInput {
  @Field(() => ID, { description: 'Id of the experiment.' })
  readonly experimentId!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Obey the project’s rule again, as it does from its beginning; then all others are null.',
  })
  readonly inherit!: boolean;
}

@InputType('SetProjectRetentionInput', {
  description: 'How long experiments without a rule of their own keep their runs. All null: for ever.',
})
class SetProjectRetentionInput extends RuleInput {}

@ObjectType()
abstract class Consequences {
  @Field(() => Int, { description: WOULD_DELETE })
  readonly wouldDelete!: number;

  @Field(() => Int, { description: WOULD_PURGE })
  readonly wouldPurge!: number;
}

@ObjectType('SetRetentionSuccess', {
  description: 'The rule of the experiment, and what it comes to. It is obeyed within the hour.',
})
class SetRetentionSuccess extends Consequences {
  @Field(() => ExperimentType, { description: 'The experiment.' })
  readonly experiment!: Experiment;
}

@ObjectType('SetProjectRetentionSuccess', {
  description: 'The rule of the project, and what it comes to. It is obeyed within the hour.',
})
class SetProjectRetentionSuccess extends Consequences {
  @Field(() => RetentionType, { nullable: true, description: 'The rule as it is now. Null: all is kept.' })
  readonly retention!: RetentionRule | null;
}

const SetRetentionResult = resultUnion('SetRetentionResult', [
  SetRetentionSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
const SetProjectRetentionResult = resultUnion('SetProjectRetentionResult', [
  SetProjectRetentionSuccess,
  InvalidInputErrorType,
]);

/** Rules of how long runs are kept. */
@Resolver()
class RetentionOperations {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Query(() => RetentionType, {
    nullable: true,
    description: 'How long experiments without a rule of their own keep their runs. Null: for ever.',
  })
  projectRetention(@Ctx() { actor }: Context): Promise<RetentionRule | null> {
    return this.services.tracking.deletion.retention.ofProject(actor);
  }

  @Mutation(() => SetRetentionResult, {
    description: `Sets how long an experiment keeps its runs; all null: for ever. ${requires('tracking:purge')}`,
  })
  async setRetention(
    @Arg('input', () => SetRetentionInput, { description: 'The experiment and its rule.' })
    input: SetRetentionInput,
    @Ctx() { actor }: Context,
  ) {
    const { retention } = this.services.tracking.deletion;
    const { experimentId, inherit, dryRun } = input;
    const result = await retention.set(actor, { ...ruleOf(input), experimentId, inherit, dryRun });
    return answer('SetRetentionSuccess', result);
  }

  @Mutation(() => SetProjectRetentionResult, {
    description: `Sets how long experiments without a rule of their own keep their runs, those to come too; all null: for ever. ${requires('tracking:purge')}`,
  })
  async setProjectRetention(
    @Arg('input', () => SetProjectRetentionInput, { description: 'The rule.' })
    input: SetProjectRetentionInput,
    @Ctx() { actor }: Context,
  ) {
    const { retention } = this.services.tracking.deletion;
    const result = await retention.setOfProject(actor, { ...ruleOf(input), dryRun: input.dryRun });
    return answer('SetProjectRetentionSuccess', result);
  }
}

const ruleOf = (input: RuleInput): RetentionRule => ({
  deleteRunsAfterDays: input.deleteRunsAfterDays ?? null,
  deleteFailedRunsAfterDays: input.deleteFailedRunsAfterDays ?? null,
  purgeDeletedAfterDays: input.purgeDeletedAfterDays ?? null,
});

@Resolver(() => ExperimentType)
class ExperimentRetentionFields {
  @FieldResolver(() => RetentionType, {
    nullable: true,
    description: 'How long it keeps its runs: by its own rule, else by its project’s. Null: for ever.',
  })
  async retention(@Root() experiment: Experiment, @Ctx() { loaders }: Context) {
    return (await loaders.experimentRetention.load(experiment.id)).rule;
  }

  @FieldResolver(() => Boolean, {
    description:
      'Whether it has a rule of its own, which may be to keep everything. If not, it obeys its project’s.',
  })
  async hasOwnRetention(@Root() experiment: Experiment, @Ctx() { loaders }: Context): Promise<boolean> {
    return (await loaders.experimentRetention.load(experiment.id)).isOwn;
  }
}

export const RETENTION_RESOLVERS = [RetentionOperations, ExperimentRetentionFields] as const;
