import DataLoader from 'dataloader';
import { Field, InputType, ObjectType } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { connectionOf } from '../kernel/connection.graphql';
import type { Loaders } from '../kernel/context.graphql';
import { NodeType, type NodeResolvers } from '../kernel/node.graphql';
import { BigIntScalar, DateTimeScalar, DoubleScalar } from '../kernel/scalars.graphql';
import type {
  Dataset,
  DatasetColumn,
  DatasetId,
  Datasets,
  DatasetVersion,
  DatasetVersionId,
} from './datasets';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly dataset: DataLoader<DatasetId, Dataset | null>;
    readonly datasetVersion: DataLoader<DatasetVersionId, DatasetVersion | null>;
    readonly datasetColumns: DataLoader<DatasetVersionId, readonly DatasetColumn[]>;
  }
}

export const datasetsLoaders = (
  { datasets }: { readonly datasets: Datasets },
  actor: Actor,
): Pick<Loaders, 'dataset' | 'datasetVersion' | 'datasetColumns'> => ({
  dataset: new DataLoader((ids) => datasets.datasetsByIds(actor, ids)),
  datasetVersion: new DataLoader((ids) => datasets.versionsByIds(actor, ids)),
  datasetColumns: new DataLoader((ids) => datasets.columnsByVersionIds(actor, ids)),
});

export const datasetsNodes: NodeResolvers = {
  dataset: { type: 'Dataset', load: ({ dataset }, id) => dataset.load(id as DatasetId) },
  dataset_version: {
    type: 'DatasetVersion',
    load: ({ datasetVersion }, id) => datasetVersion.load(id as DatasetVersionId),
  },
};

@ObjectType('DatasetColumn', { description: 'A column of a dataset version, with its statistics.' })
export class DatasetColumnType {
  @Field(() => String, { description: 'Name in the header.' })
  readonly name!: string;

  @Field(() => String, { description: 'INT64, FP64, BOOL or BYTES (text), inferred from all cells.' })
  readonly datatype!: string;

  @Field(() => BigIntScalar, { description: 'Rows whose cell is empty.' })
  readonly missing!: number;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Different values that occur, exact. Null where there are more than 10,000.',
  })
  readonly distinct!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Smallest number. Null for other types.' })
  readonly min!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Largest number. Null for other types.' })
  readonly max!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Mean of the numbers. Null for other types.' })
  readonly mean!: number | null;
}

@ObjectType('Dataset', { implements: NodeType, description: 'A name under which versions of data are kept.' })
export class DatasetType {
  @Field(() => String, { description: 'Unique in the project.' })
  readonly name!: string;

  @Field(() => DateTimeScalar, { description: 'When its first version was registered.' })
  readonly createdAt!: Date;
}

@ObjectType('DatasetVersion', {
  implements: NodeType,
  description: 'What the data was at one time. Never changed: other data is another version.',
})
export class DatasetVersionType {
  @Field(() => String, { description: 'Name and number, for example `penguins@3`.' })
  readonly ref!: string;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of the bytes, hexadecimal. Null where only an address is known.',
  })
  readonly sha256!: string | null;

  @Field(() => String, { nullable: true, description: 'Address where the data lies or came from.' })
  readonly uri!: string | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Rows without the header. Null where the data was not read.',
  })
  readonly rowCount!: number | null;

  @Field(() => String, { nullable: true, description: 'The column that models are to predict.' })
  readonly target!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was registered.' })
  readonly createdAt!: Date;
}

export const DatasetConnection = connectionOf<Dataset>('Dataset', () => DatasetType);

@InputType('ArtifactInput', { description: 'An uploaded artifact, by the hash of its bytes.' })
export class ArtifactInput {
  @Field(() => String, { description: 'SHA-256 of the bytes: 64 lower-case hexadecimal digits.' })
  readonly sha256!: string;
}
