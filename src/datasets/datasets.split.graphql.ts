import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  InputType,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../auth/auth';
import type { Context } from '../kernel/context.graphql';
import { BigIntScalar } from '../kernel/scalars.graphql';
import {
  answer,
  InvalidArtifactErrorType,
  InvalidInputErrorType,
  NotFoundErrorType,
  resultUnion,
} from '../kernel/user-error.graphql';
import type { Datasets, DatasetSplit, DatasetVersion } from './datasets';
import { DatasetVersionType } from './datasets.graphql';

interface Services {
  readonly datasets: Datasets;
}

@InputType('DatasetSplitInput', { description: 'A part of a version.' })
class DatasetSplitInput {
  @Field(() => String, { description: 'For example `train`, unique in the call.' })
  readonly name!: string;

  @Field(() => Float, { description: 'Its share of the rows, between 0 and 1; all of them add up to 1.' })
  readonly fraction!: number;

  @Field(() => String, {
    nullable: true,
    description:
      "Dataset that it becomes a version of; absent: the dataset's name, a hyphen and the split's.",
  })
  readonly dataset?: string | null;
}

@InputType('SplitDatasetVersionInput', { description: 'How to deal the rows of a version into parts.' })
class SplitDatasetVersionInput {
  @Field(() => String, { description: '`penguins@3`, or `penguins` for the newest version.' })
  readonly ref!: string;

  @Field(() => [DatasetSplitInput], { description: 'The parts, 2 to 20.' })
  readonly splits!: readonly DatasetSplitInput[];

  @Field(() => BigIntScalar, {
    description: 'Any number: the same data and seed give the same parts anywhere.',
  })
  readonly seed!: bigint;

  @Field(() => String, {
    nullable: true,
    description: 'A column each of whose values is dealt in the same shares. Not together with groupBy.',
  })
  readonly stratifyBy?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A column: rows with one value of it are never in two parts. Rows without a value are on their own.',
  })
  readonly groupBy?: string | null;
}

@ObjectType('SplitDatasetVersionSuccess', { description: 'The parts as versions.' })
class SplitDatasetVersionSuccess {
  @Field(() => [DatasetVersionType], { description: 'In the order of the input.' })
  readonly versions!: readonly DatasetVersion[];
}

const SplitDatasetVersionResult = resultUnion('SplitDatasetVersionResult', [
  SplitDatasetVersionSuccess,
  NotFoundErrorType,
  InvalidArtifactErrorType,
  InvalidInputErrorType,
]);

@ObjectType('DatasetSplit', { description: 'How a version was dealt from another.' })
class DatasetSplitType {
  @Field(() => String, { description: 'Name of the part.' })
  readonly name!: string;

  @Field(() => Float, { description: 'The share that was asked for.' })
  readonly fraction!: number;

  @Field(() => BigIntScalar, { description: 'The seed.' })
  readonly seed!: bigint;

  @Field(() => String, { nullable: true, description: 'Column whose values are dealt in the same shares.' })
  readonly stratifyBy!: string | null;

  @Field(() => String, { nullable: true, description: 'Column whose values are never in two parts.' })
  readonly groupBy!: string | null;
}

@Resolver(() => DatasetSplitType)
class DatasetSplitFields {
  @FieldResolver(() => DatasetVersionType, { description: 'What it is a part of.' })
  parent(@Root() { parentId }: DatasetSplit, @Ctx() { loaders }: Context) {
    return loaders.datasetVersion.load(parentId);
  }
}

@Resolver(() => DatasetVersionType)
class DatasetVersionSplits {
  constructor(private readonly services: Services) {}

  @Mutation(() => SplitDatasetVersionResult, {
    description:
      'Deals the rows of a version into parts by content and seed. Rows of one content, or of one group, stay together, so ' +
      `the parts never overlap. Called again it finds what it has made. ${requires('dataset:write')}`,
  })
  async splitDatasetVersion(
    @Arg('input', () => SplitDatasetVersionInput, { description: 'The version and its parts.' })
    input: SplitDatasetVersionInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('SplitDatasetVersionSuccess', await this.services.datasets.splitVersion(actor, input));
  }

  @FieldResolver(() => DatasetSplitType, {
    nullable: true,
    description: 'Where it was dealt from another version: how. Else null.',
  })
  split(@Root() version: DatasetVersion, @Ctx() { loaders }: Context): Promise<DatasetSplit | null> {
    return loaders.datasetSplit.load(version.id);
  }
}

export const SPLIT_RESOLVERS = [DatasetVersionSplits, DatasetSplitFields] as const;
