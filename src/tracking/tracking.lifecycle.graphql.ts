import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requires } from '../auth/auth';
import type { Context } from '../kernel/context.graphql';
import { TagInput } from '../kernel/tag.graphql';
import {
  answer,
  InvalidInputErrorType,
  NameConflictErrorType,
  NotFoundErrorType,
  resultUnion,
} from '../kernel/user-error.graphql';
import type { Experiment, Run, Tracking } from './tracking';
import { ExperimentType, RunType } from './tracking.graphql';

const PUT_TAGS = 'Tags to put, each key once; one that is there gets the new value.';
const REMOVE_TAGS =
  'Keys of tags to take away, before `tags` are put. Those that are not there are no fault.';

@InputType('UpdateExperimentInput', { description: 'What is to change of an experiment.' })
class UpdateExperimentInput {
  @Field(() => ID, { description: 'Id of the experiment.' })
  readonly experimentId!: string;

  @Field(() => String, { nullable: true, description: 'As it is if absent. Unique in the project.' })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: 'As it is if absent; null takes it away.' })
  readonly description?: string | null;

  @Field(() => [TagInput], { nullable: true, description: PUT_TAGS })
  readonly tags?: readonly TagInput[] | null;

  @Field(() => [String], { nullable: true, description: REMOVE_TAGS })
  readonly removeTags?: readonly string[] | null;
}

@InputType('DeleteExperimentInput', { description: 'An experiment that is to go, with its runs.' })
class DeleteExperimentInput {
  @Field(() => ID, { description: 'Id of the experiment.' })
  readonly experimentId!: string;
}

@InputType('RestoreExperimentInput', { description: 'A deleted experiment that is to come back.' })
class RestoreExperimentInput {
  @Field(() => ID, { description: 'Id of the experiment.' })
  readonly experimentId!: string;
}

@InputType('UpdateRunInput', { description: 'What is to change of a run, whether it goes on or has ended.' })
class UpdateRunInput {
  @Field(() => ID, { description: 'Id of the run.' })
  readonly runId!: string;

  @Field(() => String, { nullable: true, description: 'As it is if absent.' })
  readonly name?: string | null;

  @Field(() => [TagInput], { nullable: true, description: PUT_TAGS })
  readonly tags?: readonly TagInput[] | null;

  @Field(() => [String], { nullable: true, description: REMOVE_TAGS })
  readonly removeTags?: readonly string[] | null;
}

@InputType('DeleteRunsInput', { description: 'Runs that are to go.' })
class DeleteRunsInput {
  @Field(() => [ID], { description: 'Ids of at most 1,000 runs.' })
  readonly runIds!: readonly string[];
}

@InputType('RestoreRunsInput', { description: 'Deleted runs that are to come back.' })
class RestoreRunsInput {
  @Field(() => [ID], { description: 'Ids of at most 1,000 runs.' })
  readonly runIds!: readonly string[];
}

@ObjectType('UpdateExperimentSuccess', { description: 'The experiment was changed.' })
class UpdateExperimentSuccess {
  @Field(() => ExperimentType, { description: 'The experiment as it is now.' })
  readonly experiment!: Experiment;
}

@ObjectType('DeleteExperimentSuccess', { description: 'The experiment is deleted.' })
class DeleteExperimentSuccess {
  @Field(() => ExperimentType, { description: 'The experiment as it is now.' })
  readonly experiment!: Experiment;
}

@ObjectType('RestoreExperimentSuccess', { description: 'The experiment is not deleted any more.' })
class RestoreExperimentSuccess {
  @Field(() => ExperimentType, { description: 'The experiment as it is now.' })
  readonly experiment!: Experiment;
}

@ObjectType('UpdateRunSuccess', { description: 'The run was changed.' })
class UpdateRunSuccess {
  @Field(() => RunType, { description: 'The run as it is now.' })
  readonly run!: Run;
}

@ObjectType('DeleteRunsSuccess', { description: 'All of the runs are deleted.' })
class DeleteRunsSuccess {
  @Field(() => [RunType], { description: 'The runs as they are now, in the order of the ids.' })
  readonly runs!: readonly Run[];
}

@ObjectType('RestoreRunsSuccess', { description: 'None of the runs is deleted any more.' })
class RestoreRunsSuccess {
  @Field(() => [RunType], { description: 'The runs as they are now, in the order of the ids.' })
  readonly runs!: readonly Run[];
}

const UpdateExperimentResult = resultUnion('UpdateExperimentResult', [
  UpdateExperimentSuccess,
  NotFoundErrorType,
  NameConflictErrorType,
  InvalidInputErrorType,
]);
const DeleteExperimentResult = resultUnion('DeleteExperimentResult', [
  DeleteExperimentSuccess,
  NotFoundErrorType,
]);
const RestoreExperimentResult = resultUnion('RestoreExperimentResult', [
  RestoreExperimentSuccess,
  NotFoundErrorType,
]);
const UpdateRunResult = resultUnion('UpdateRunResult', [
  UpdateRunSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
const DeleteRunsResult = resultUnion('DeleteRunsResult', [
  DeleteRunsSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
const RestoreRunsResult = resultUnion('RestoreRunsResult', [
  RestoreRunsSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);

/** How experiments and runs change, go, and come back. */
@Resolver()
export class LifecycleMutations {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Mutation(() => UpdateExperimentResult, {
    description: `Changes an experiment's name, description and tags. ${requires('tracking:write')}`,
  })
  async updateExperiment(
    @Arg('input', () => UpdateExperimentInput, { description: 'The experiment and what is to change.' })
    input: UpdateExperimentInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('UpdateExperimentSuccess', await this.services.tracking.updateExperiment(actor, input));
  }

  @Mutation(() => DeleteExperimentResult, {
    description: `Deletes an experiment with its runs. It may be restored, and keeps its name. ${requires('tracking:write')}`,
  })
  async deleteExperiment(
    @Arg('input', () => DeleteExperimentInput, { description: 'The experiment.' })
    { experimentId }: DeleteExperimentInput,
    @Ctx() { actor }: Context,
  ) {
    return answer(
      'DeleteExperimentSuccess',
      await this.services.tracking.deleteExperiment(actor, experimentId),
    );
  }

  @Mutation(() => RestoreExperimentResult, {
    description: `Restores an experiment, with the runs that were deleted with it. ${requires('tracking:write')}`,
  })
  async restoreExperiment(
    @Arg('input', () => RestoreExperimentInput, { description: 'The experiment.' })
    { experimentId }: RestoreExperimentInput,
    @Ctx() { actor }: Context,
  ) {
    return answer(
      'RestoreExperimentSuccess',
      await this.services.tracking.restoreExperiment(actor, experimentId),
    );
  }

  @Mutation(() => UpdateRunResult, {
    description: `Changes a run's name and tags, whether it goes on or has ended. ${requires('tracking:write')}`,
  })
  async updateRun(
    @Arg('input', () => UpdateRunInput, { description: 'The run and what is to change.' })
    input: UpdateRunInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('UpdateRunSuccess', await this.services.tracking.updateRun(actor, input));
  }

  @Mutation(() => DeleteRunsResult, {
    description: `Deletes runs: all or none. They may be restored. ${requires('tracking:write')}`,
  })
  async deleteRuns(
    @Arg('input', () => DeleteRunsInput, { description: 'The runs.' }) { runIds }: DeleteRunsInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('DeleteRunsSuccess', await this.services.tracking.deleteRuns(actor, runIds));
  }

  @Mutation(() => RestoreRunsResult, {
    description: `Restores deleted runs: all or none; not while their experiment is deleted. ${requires('tracking:write')}`,
  })
  async restoreRuns(
    @Arg('input', () => RestoreRunsInput, { description: 'The runs.' }) { runIds }: RestoreRunsInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('RestoreRunsSuccess', await this.services.tracking.restoreRuns(actor, runIds));
  }
}
