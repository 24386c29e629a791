import { Arg, Ctx, Field, FieldResolver, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { requires } from '../../auth/auth';
import { listComplexity } from '../../kernel/connection.graphql';
import type { Context } from '../../kernel/context.graphql';
import {
  answer,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
} from '../../kernel/user-error.graphql';
import type { Run, Tracking } from '../tracking';
import { ArtifactType, RunType } from '../tracking.graphql';
import { RunNotActiveErrorType } from '../tracking.operations.graphql';
import { codeOf, configFilesOf, environmentOf } from './known-setup';
import { RunCodeType, RunEnvironmentType, RunReproductionType, RunSeedType } from './setup.graphql';
import { DescribeRunInput, setupInput } from './setup.inputs.graphql';

@ObjectType('DescribeRunSuccess', { description: 'What was told is kept.' })
class DescribeRunSuccess {
  @Field(() => RunType, { description: 'The run, as it is now.' })
  readonly run!: Run;
}

const DescribeRunResult = resultUnion('DescribeRunResult', [
  DescribeRunSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
  RunNotActiveErrorType,
]);

@Resolver()
export class SetupMutations {
  constructor(private readonly services: { readonly tracking: Tracking }) {}

  @Mutation(() => DescribeRunResult, {
    description: `Tells what a run is made with, so that it can be repeated: all of it is kept or none. Each fact is told once: the same again is fine, another value is refused. ${requires('tracking:write')}`,
  })
  async describeRun(
    @Arg('input', () => DescribeRunInput, { description: 'The run, and what is known of it.' })
    input: DescribeRunInput,
    @Ctx() { actor }: Context,
  ) {
    const result = await this.services.tracking.setups.describe(actor, setupInput(input));
    return answer('DescribeRunSuccess', result);
  }
}

/** Reading what the whole run is made of, in a handful of statements. */
const REPRODUCTION_COMPLEXITY = 50;

@Resolver(() => RunType)
export class RunSetupFields {
  @FieldResolver(() => RunCodeType, {
    nullable: true,
    description: 'The code that it ran. Null where nothing was told of it.',
  })
  async code(@Root() run: Run, @Ctx() { loaders }: Context) {
    return codeOf(run, await loaders.runSetup.load(run.id));
  }

  @FieldResolver(() => RunEnvironmentType, { description: 'The machine and the packages that it had.' })
  async environment(@Root() { id }: Run, @Ctx() { loaders }: Context) {
    return environmentOf(await loaders.runSetup.load(id), await loaders.runModelPins.load(id));
  }

  @FieldResolver(() => [RunSeedType], {
    description: 'What its random numbers were drawn from, by name.',
    complexity: listComplexity,
  })
  async seeds(@Root() { id }: Run, @Ctx() { loaders }: Context) {
    return (await loaders.runSetup.load(id)).seeds;
  }

  @FieldResolver(() => [ArtifactType], {
    description: 'Its configuration files, by path; the paths are relative to the top of the repository.',
    complexity: listComplexity,
  })
  async configFiles(@Root() { id }: Run, @Ctx() { loaders }: Context) {
    return configFilesOf(await loaders.runSetup.load(id));
  }

  @FieldResolver(() => RunReproductionType, {
    description: 'Everything that is needed to do it again, and what is not known for that.',
    complexity: ({ childComplexity }) => REPRODUCTION_COMPLEXITY + childComplexity,
  })
  reproduce(@Root() run: Run, @Ctx() { loaders }: Context) {
    return loaders.runReproduction.load(run);
  }
}
