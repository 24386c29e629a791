import { Arg, Args, Ctx, Field, ID, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { requires } from '../auth/auth';
import { pageComplexity, PageArgs, pageRequest, toConnection } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { idOf } from '../kernel/ids';
import {
  answer,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
  UserErrorType,
} from '../kernel/user-error.graphql';
import { listCursorLength } from '../kernel/database/column-search';
import type { Experiment, LifecycleView, Run, RunStatus, Tracking } from './tracking';
import {
  ExperimentConnection,
  ExperimentType,
  LifecycleViewEnum,
  RunConnection,
  RunStatusEnum,
  RunType,
  VIEW,
} from './tracking.graphql';
import {
  CreateExperimentInput,
  FinishRunInput,
  LogArtifactInput,
  LogMetricsInput,
  LogParamsInput,
  StartRunInput,
} from './tracking.inputs.graphql';
import { setupInput } from './setup/setup.inputs.graphql';

export const RUN_FILTER =
  "Comparisons joined by AND, OR, NOT and parentheses, such as `metrics.accuracy > 0.9 AND (params.model IN ('cnn', 'vit') OR tags.team IS NULL)`; besides = != < <= > >= there are LIKE, ILIKE, IN, BETWEEN and IS NULL, and `note MATCHES 'words'`. Attributes are name, status, start_time, end_time, run_id, parent_run_id, user_id, note, commit, branch, repository, entry_point and source_type; datasets have name, digest and context. What is asked of something that a run does not have is false, and its NOT is true.";
export const RUN_ORDER =
  'Sort keys such as `metrics.accuracy DESC`, at most 20; newest first if absent. Runs without the value come last.';

@ObjectType('RunNotActiveError', {
  implements: UserErrorType,
  description: 'The run has ended: nothing was kept.',
})
export class RunNotActiveErrorType extends UserErrorType {
  @Field(() => RunStatusEnum, { description: 'Where the run stands.' })
  readonly status!: RunStatus;
}

@ObjectType('CreateExperimentSuccess', { description: 'The experiment of that name.' })
class CreateExperimentSuccess {
  @Field(() => ExperimentType, { description: 'New, or the one that was there, as it was.' })
  readonly experiment!: Experiment;

  @Field(() => Boolean, { description: 'False where it was there already.' })
  readonly created!: boolean;
}

@ObjectType('StartRunSuccess', { description: 'The run goes on from here.' })
class StartRunSuccess {
  @Field(() => RunType, { description: 'The run as it is now.' })
  readonly run!: Run;
}

@ObjectType('LogSuccess', { description: 'What was sent is kept.' })
class LogSuccess {
  @Field(() => RunType, { description: 'The run, as it is now.' })
  readonly run!: Run;
}

const CreateExperimentResult = resultUnion('CreateExperimentResult', [
  CreateExperimentSuccess,
  InvalidInputErrorType,
]);
const StartRunResult = resultUnion('StartRunResult', [
  StartRunSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
const LogResult = resultUnion('LogResult', [
  LogSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
  RunNotActiveErrorType,
]);

@Resolver()
export class TrackingQueriesResolver {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Query(() => ExperimentType, {
    nullable: true,
    description: 'An experiment by its name. Null where there is none.',
  })
  experiment(
    @Arg('name', () => String, { description: 'Name of the experiment.' }) name: string,
    @Ctx() { actor }: Context,
  ): Promise<Experiment | null> {
    return this.services.tracking.experimentByName(actor, name);
  }

  @Query(() => ExperimentConnection, {
    description: 'Experiments, newest first.',
    complexity: pageComplexity,
  })
  async experiments(
    @Arg('filter', () => String, {
      nullable: true,
      description:
        "Comparisons of `name` and `description` joined by AND, OR and NOT, such as `name LIKE 'pen%'`.",
    })
    filter: string | null | undefined,
    @Arg('orderBy', () => [String], {
      nullable: true,
      description: 'Sort keys such as `updated_at DESC` or `tags.team`, at most 20; newest first if absent.',
    })
    orderBy: readonly string[] | null | undefined,
    @Arg('view', () => LifecycleViewEnum, VIEW) view: LifecycleView | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { actor }: Context,
  ) {
    const search = { filter: filter ?? null, orderBy: orderBy ?? [], view: view ?? 'ACTIVE' };
    const request = pageRequest(page, listCursorLength(search.orderBy));
    return toConnection(await this.services.tracking.experiments(actor, search, request));
  }

  @Query(() => RunType, { nullable: true, description: 'A run by its id. Null where there is none.' })
  async run(
    @Arg('id', () => ID, { description: 'Opaque id of the run.' }) id: string,
    @Ctx() { loaders }: Context,
  ): Promise<Run | null> {
    const runId = idOf('run', id);
    return runId === null ? null : loaders.run.load(runId);
  }

  @Query(() => RunConnection, {
    description: 'Runs of some experiments, or of all.',
    complexity: pageComplexity,
  })
  async runs(
    @Arg('experiments', () => [String], {
      nullable: true,
      description: 'Names of experiments; all if absent.',
    })
    experiments: readonly string[] | null | undefined,
    @Arg('filter', () => String, { nullable: true, description: RUN_FILTER })
    filter: string | null | undefined,
    @Arg('orderBy', () => [String], { nullable: true, description: RUN_ORDER })
    orderBy: readonly string[] | null | undefined,
    @Arg('view', () => LifecycleViewEnum, VIEW) view: LifecycleView | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { actor }: Context,
  ) {
    const search = { filter: filter ?? null, orderBy: orderBy ?? [], view: view ?? 'ACTIVE' };
    const request = pageRequest(page, listCursorLength(search.orderBy));
    return toConnection(await this.services.tracking.runs(actor, experiments ?? null, search, request));
  }
}

@Resolver()
export class TrackingMutations {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Mutation(() => CreateExperimentResult, {
    description: `Makes an experiment, or gives the one of that name (\`created: false\`). Refused where that one is deleted. ${requires('tracking:write')}`,
  })
  async createExperiment(
    @Arg('input', () => CreateExperimentInput, { description: 'The experiment.' })
    input: CreateExperimentInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('CreateExperimentSuccess', await this.services.tracking.createExperiment(actor, input));
  }

  @Mutation(() => StartRunResult, {
    description: `Starts a run. Makes the experiment where there is none. ${requires('tracking:write')}`,
  })
  async startRun(
    @Arg('input', () => StartRunInput, {
      description: 'Which experiment, and what is known before it begins.',
    })
    input: StartRunInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('StartRunSuccess', await this.services.tracking.startRun(actor, setupInput(input)));
  }

  @Mutation(() => LogResult, {
    description: `Keeps points of a run's metrics: all or none. Each call adds its points, though they be there already: whoever repeats one that may have arrived gives both the same \`idempotencyKey\`. ${requires('tracking:write')}`,
  })
  async logMetrics(
    @Arg('input', () => LogMetricsInput, {
      description: 'The run and up to 100,000 points of any of its metrics.',
    })
    input: LogMetricsInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('LogSuccess', await this.services.tracking.logMetrics(actor, input));
  }

  @Mutation(() => LogResult, {
    description: `Keeps params of a run: all or none. They never change. ${requires('tracking:write')}`,
  })
  async logParams(
    @Arg('input', () => LogParamsInput, { description: 'The run and its params, by key.' })
    input: LogParamsInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('LogSuccess', await this.services.tracking.logParams(actor, input));
  }

  @Mutation(() => LogResult, {
    description: `Names uploaded bytes as a file of a run. ${requires('tracking:write')}`,
  })
  async logArtifact(
    @Arg('input', () => LogArtifactInput, {
      description: 'The run, a path in it, and bytes that were uploaded before.',
    })
    input: LogArtifactInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('LogSuccess', await this.services.tracking.logArtifact(actor, input));
  }

  @Mutation(() => LogResult, {
    description: `Ends a run, or begins a scheduled one or takes up a failed one again (\`RUNNING\`). ${requires('tracking:write')}`,
  })
  async finishRun(
    @Arg('input', () => FinishRunInput, { description: 'The run and the status that it is to have.' })
    input: FinishRunInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('LogSuccess', await this.services.tracking.finishRun(actor, input));
  }
}
