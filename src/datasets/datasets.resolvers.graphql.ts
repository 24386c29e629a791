import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../auth/auth';
import { listComplexity, namedPage, NamedPageArgs, pageComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { encodeNodeId } from '../kernel/ids';
import {
  answer,
  InvalidArtifactErrorType,
  InvalidInputErrorType,
  resultUnion,
} from '../kernel/user-error.graphql';
import type { Dataset, Datasets, DatasetVersion } from './datasets';
import {
  ArtifactInput,
  DatasetColumnType,
  DatasetConnection,
  DatasetType,
  DatasetVersionType,
} from './datasets.graphql';

interface Services {
  readonly datasets: Datasets;
}

@InputType('RegisterDatasetVersionInput', { description: 'What the data is: bytes, an address, or both.' })
class RegisterDatasetVersionInput {
  @Field(() => String, { description: 'Name of the dataset; made where there is none.' })
  readonly dataset!: string;

  @Field(() => ArtifactInput, {
    nullable: true,
    description: 'The data as an uploaded CSV file (comma, UTF-8, one header row).',
  })
  readonly artifact?: ArtifactInput | null;

  @Field(() => String, { nullable: true, description: 'Absolute address where the data lies or came from.' })
  readonly uri?: string | null;

  @Field(() => String, { nullable: true, description: 'The column that models are to predict.' })
  readonly target?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Any text: the same key again, within a day, gets the same answer.',
  })
  readonly idempotencyKey?: string | null;
}

@ObjectType('RegisterDatasetVersionSuccess', { description: 'The version that holds this data.' })
class RegisterDatasetVersionSuccess {
  @Field(() => DatasetVersionType, { description: 'New, or the one that has the same data already.' })
  readonly version!: DatasetVersion;

  @Field(() => Boolean, { description: 'False where the same data was a version already.' })
  readonly created!: boolean;
}

const RegisterDatasetVersionResult = resultUnion('RegisterDatasetVersionResult', [
  RegisterDatasetVersionSuccess,
  InvalidArtifactErrorType,
  InvalidInputErrorType,
]);

@Resolver()
export class DatasetsOperations {
  constructor(private readonly services: Services) {}

  @Query(() => DatasetType, {
    nullable: true,
    description: 'A dataset by its name. Null where there is none.',
  })
  dataset(
    @Arg('name', () => String, { description: 'Name of the dataset.' }) name: string,
    @Ctx() { actor }: Context,
  ): Promise<Dataset | null> {
    return this.services.datasets.datasetByName(actor, name);
  }

  @Query(() => DatasetConnection, {
    description: 'Datasets, newest first.',
    complexity: pageComplexity,
  })
  datasets(@Args(() => NamedPageArgs) args: NamedPageArgs, @Ctx() { actor }: Context) {
    return namedPage(args, (filter, page) => this.services.datasets.datasets(actor, filter, page));
  }

  @Mutation(() => RegisterDatasetVersionResult, {
    description: `Keeps what the data is: schema, statistics, hash. The same data again is the same version. ${requires('dataset:write')}`,
  })
  async registerDatasetVersion(
    @Arg('input', () => RegisterDatasetVersionInput, { description: 'The data and its name.' })
    input: RegisterDatasetVersionInput,
    @Ctx() { actor }: Context,
  ) {
    return answer(
      'RegisterDatasetVersionSuccess',
      await this.services.datasets.registerVersion(actor, input),
    );
  }
}

@Resolver(() => DatasetType)
export class DatasetFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() dataset: Dataset): string {
    return encodeNodeId('dataset', dataset.id);
  }
}

@Resolver(() => DatasetVersionType)
export class DatasetVersionFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() version: DatasetVersion): string {
    return encodeNodeId('dataset_version', version.id);
  }

  @FieldResolver(() => DatasetType, { description: 'The dataset that this is a version of.' })
  dataset(@Root() version: DatasetVersion, @Ctx() { loaders }: Context): Promise<Dataset | null> {
    return loaders.dataset.load(version.datasetId);
  }

  @FieldResolver(() => [DatasetColumnType], {
    description: 'The columns, in order. Empty where the data was not read.',
    complexity: listComplexity,
  })
  columns(@Root() version: DatasetVersion, @Ctx() { loaders }: Context) {
    return loaders.datasetColumns.load(version.id);
  }
}

export const DATASETS_RESOLVERS = [DatasetsOperations, DatasetFields, DatasetVersionFields] as const;
