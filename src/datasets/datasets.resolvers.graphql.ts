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
  NotFoundErrorType,
  resultUnion,
} from '../kernel/user-error.graphql';
import { BigIntScalar } from '../kernel/scalars.graphql';
import { TagInput, TagType } from '../kernel/tag.graphql';
import type { Dataset, Datasets, DatasetVersion } from './datasets';
import { COMPARISON_RESOLVERS } from './datasets.comparison.graphql';
import { SPLIT_RESOLVERS } from './datasets.split.graphql';
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

@InputType('DatasetColumnInput', { description: 'A column of data that lies elsewhere.' })
class DatasetColumnInput {
  @Field(() => String, { description: 'Name of the column.' })
  readonly name!: string;

  @Field(() => String, { description: 'INT64, FP64, BOOL or BYTES (text).' })
  readonly datatype!: string;
}

@InputType('RegisterDatasetVersionInput', { description: 'What the data is: bytes, an address, or both.' })
class RegisterDatasetVersionInput {
  @Field(() => String, { description: 'Name of the dataset; made where there is none.' })
  readonly dataset!: string;

  @Field(() => ArtifactInput, {
    nullable: true,
    description:
      'The data as an uploaded file: CSV (comma, UTF-8, one header row), Parquet, or JSON lines (one object a line). Which of them it is, its bytes tell.',
  })
  readonly artifact?: ArtifactInput | null;

  @Field(() => String, { nullable: true, description: 'Absolute address where the data lies or came from.' })
  readonly uri?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 of the bytes at `uri`, where they are not uploaded: the version is by that digest. They stay where they are. Where the server may read them (`s3://`, DATASET_SOURCES), they are read once and must have it; else whether it is true, nobody here checks.',
  })
  readonly sha256?: string | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Bytes at `uri`, as you know it.' })
  readonly sizeBytes?: bigint | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Rows at `uri`, as you know it.' })
  readonly rowCount?: bigint | null;

  @Field(() => [DatasetColumnInput], { nullable: true, description: 'Columns at `uri`, as you know them.' })
  readonly columns?: readonly DatasetColumnInput[] | null;

  @Field(() => String, { nullable: true, description: 'The column that models are to predict.' })
  readonly target?: string | null;

  @Field(() => String, { nullable: true, description: 'What to say of a version that is new.' })
  readonly description?: string | null;

  @Field(() => [TagInput], {
    nullable: true,
    description: 'Words about a version that is new, each key once.',
  })
  readonly tags?: readonly TagInput[] | null;

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

@InputType('AnnotateDatasetVersionInput', {
  description: 'What to say of a version. The data stays what it is.',
})
class AnnotateDatasetVersionInput {
  @Field(() => String, { description: '`penguins@3`, or `penguins` for the newest version.' })
  readonly ref!: string;

  @Field(() => String, { nullable: true, description: 'In the place of the old one; null takes it away.' })
  readonly description?: string | null;

  @Field(() => [TagInput], { nullable: true, description: 'Set, each in the place of the one with its key.' })
  readonly tags?: readonly TagInput[] | null;

  @Field(() => [String], { nullable: true, description: 'Keys of tags to take away.' })
  readonly removeTags?: readonly string[] | null;
}

@ObjectType('AnnotateDatasetVersionSuccess', { description: 'What is said of the version now.' })
class AnnotateDatasetVersionSuccess {
  @Field(() => DatasetVersionType, { description: 'The version.' })
  readonly version!: DatasetVersion;
}

const AnnotateDatasetVersionResult = resultUnion('AnnotateDatasetVersionResult', [
  AnnotateDatasetVersionSuccess,
  NotFoundErrorType,
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

  @Query(() => DatasetVersionType, {
    nullable: true,
    description: 'A version by its reference. Null where there is none.',
  })
  async datasetVersion(
    @Arg('ref', () => String, { description: '`penguins@3`, or `penguins` for the newest version.' })
    ref: string,
    @Ctx() { actor }: Context,
  ): Promise<DatasetVersion | null> {
    return (await this.services.datasets.versionsByRefs(actor, [ref]))[0] ?? null;
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

  @Mutation(() => AnnotateDatasetVersionResult, {
    description: `Says something of a version, or no longer. ${requires('dataset:write')}`,
  })
  async annotateDatasetVersion(
    @Arg('input', () => AnnotateDatasetVersionInput, { description: 'The version and what to say.' })
    input: AnnotateDatasetVersionInput,
    @Ctx() { actor }: Context,
  ) {
    return answer(
      'AnnotateDatasetVersionSuccess',
      await this.services.datasets.annotateVersion(actor, input),
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

  @FieldResolver(() => [TagType], { description: 'Words about it, by key.', complexity: listComplexity })
  tags(@Root() version: DatasetVersion, @Ctx() { loaders }: Context) {
    return loaders.datasetTags.load(version.id);
  }
}

export const DATASETS_RESOLVERS = [
  DatasetsOperations,
  DatasetFields,
  DatasetVersionFields,
  ...COMPARISON_RESOLVERS,
  ...SPLIT_RESOLVERS,
] as const;
