import DataLoader from 'dataloader';
import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { connectionOf } from '../kernel/connection.graphql';
import type { Loaders } from '../kernel/context.graphql';
import { NodeType, type NodeResolvers } from '../kernel/node.graphql';
import { BigIntScalar, DateTimeScalar, DoubleScalar } from '../kernel/scalars.graphql';
import { DATA_FORMATS, type DataFormat, type Histogram, type ValueCount } from './data-profile';
import type { DeclaredColumn } from './dataset';
import type {
  Dataset,
  DatasetColumn,
  DatasetId,
  Datasets,
  DatasetSplit,
  DatasetVersion,
  DatasetVersionId,
  Tag,
} from './datasets';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly dataset: DataLoader<DatasetId, Dataset | null>;
    readonly datasetVersion: DataLoader<DatasetVersionId, DatasetVersion | null>;
    readonly datasetColumns: DataLoader<DatasetVersionId, readonly DatasetColumn[]>;
    readonly datasetSplit: DataLoader<DatasetVersionId, DatasetSplit | null>;
    readonly datasetTags: DataLoader<DatasetVersionId, readonly Tag[]>;
  }
}

export const datasetsLoaders = (
  { datasets }: { readonly datasets: Datasets },
  actor: Actor,
): Pick<Loaders, 'dataset' | 'datasetVersion' | 'datasetColumns' | 'datasetSplit' | 'datasetTags'> => ({
  dataset: new DataLoader((ids) => datasets.datasetsByIds(actor, ids)),
  datasetVersion: new DataLoader((ids) => datasets.versionsByIds(actor, ids)),
  datasetColumns: new DataLoader((ids) => datasets.columnsByVersionIds(actor, ids)),
  datasetSplit: new DataLoader((ids) => datasets.splitsByVersionIds(actor, ids)),
  datasetTags: new DataLoader((ids) => datasets.tagsByVersionIds(actor, ids)),
});

export const datasetsNodes: NodeResolvers = {
  dataset: { type: 'Dataset', load: ({ dataset }, id) => dataset.load(id as DatasetId) },
  dataset_version: {
    type: 'DatasetVersion',
    load: ({ datasetVersion }, id) => datasetVersion.load(id as DatasetVersionId),
  },
};

const DatasetFormatEnum = Object.fromEntries(DATA_FORMATS.map((format) => [format, format]));
registerEnumType(DatasetFormatEnum, {
  name: 'DatasetFormat',
  description: 'How the bytes of a dataset version are written.',
  valuesConfig: {
    CSV: {
      description: 'Values with commas between them, in UTF-8, the names of the columns in the first line.',
    },
    JSON_LINES: { description: 'One JSON object a line, in UTF-8.' },
    PARQUET: { description: 'Apache Parquet.' },
  },
});

@ObjectType('DatasetHistogram', { description: 'Finite numbers by intervals of one width.' })
export class DatasetHistogramType {
  @Field(() => [DoubleScalar], {
    description: 'Ends of the intervals, ascending: one more than there are counts.',
  })
  readonly edges!: readonly number[];

  @Field(() => [BigIntScalar], {
    description: 'Numbers above an edge and at or below the next; the smallest number is in the first.',
  })
  readonly counts!: readonly number[];
}

@ObjectType('DatasetValueCount', { description: 'A value and how often it occurs.' })
export class DatasetValueCountType {
  @Field(() => String, {
    description: 'The value; one of more than 200 characters is cut and ends with “…”.',
  })
  readonly value!: string;

  @Field(() => BigIntScalar, { description: 'Rows that have it.' })
  readonly count!: number;
}

@ObjectType('DatasetDeclaredColumn', {
  description: 'A column that whoever registered the data says it has; nobody has looked.',
})
export class DatasetDeclaredColumnType {
  @Field(() => String, { description: 'Name of the column.' })
  readonly name!: string;

  @Field(() => String, { description: 'INT64, FP64, BOOL or BYTES (text).' })
  readonly datatype!: string;
}

@ObjectType('DatasetColumn', { description: 'A column of a dataset version, with its statistics.' })
export class DatasetColumnType {
  @Field(() => String, { description: 'Name in the header, the schema or the objects.' })
  readonly name!: string;

  @Field(() => String, {
    description: 'INT64, FP64, BOOL or BYTES (text): what all cells agree on, or what a Parquet file says.',
  })
  readonly datatype!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The type in the file, for example `DECIMAL(10,2)`. Null where the format has none.',
  })
  readonly sourceType!: string | null;

  @Field(() => BigIntScalar, { description: 'Rows whose cell is empty.' })
  readonly missing!: number;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Different values that occur, exact. Null where there are more than 10,000.',
  })
  readonly distinct!: number | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'Different values: exact up to 10,000, then an estimate by a sample of them, which is off by a hundredth or two. Null where the version is older than estimates and there are more.',
  })
  readonly approximateDistinct!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Smallest number. Null for other types.' })
  readonly min!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Largest number. Null for other types.' })
  readonly max!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'Mean of the numbers. Null for other types.' })
  readonly mean!: number | null;

  @Field(() => DoubleScalar, {
    nullable: true,
    description: 'Standard deviation of a sample (n - 1) over the finite numbers. Null with fewer than two.',
  })
  readonly stddev!: number | null;

  @Field(() => [DoubleScalar], {
    nullable: true,
    description:
      'The 101 numbers at 0, 1, … 100 per cent of the sorted column: exact up to 1,000,000 rows, then from a t-digest. Null for other types.',
  })
  readonly quantiles!: readonly number[] | null;

  @Field(() => DatasetHistogramType, {
    nullable: true,
    description: 'How the finite numbers are spread. Null for other types.',
  })
  readonly histogram!: Histogram | null;

  @Field(() => [DatasetValueCountType], {
    description:
      'The most frequent values of BOOL and BYTES, at most 50, with exact counts. Of more than 10,000 different values those that a sketch names and that occur more than once.',
  })
  readonly topValues!: readonly ValueCount[];
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
    description:
      'SHA-256 of the bytes, hexadecimal; of data elsewhere as declared. Null where only an address is known.',
  })
  readonly sha256!: string | null;

  @Field(() => String, { nullable: true, description: 'Address where the data lies or came from.' })
  readonly uri!: string | null;

  @Field(() => DatasetFormatEnum, {
    nullable: true,
    description:
      'How the bytes are written. Null where they were not read: then there are no columns either.',
  })
  readonly format!: DataFormat | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Bytes. Null where nobody has said it.' })
  readonly sizeBytes!: number | null;

  @Field(() => [DatasetDeclaredColumnType], {
    description: 'Of data elsewhere: its columns, as whoever registered it says. Else empty.',
  })
  readonly declaredColumns!: readonly DeclaredColumn[];

  @Field(() => String, { nullable: true, description: 'What people say of it; may change.' })
  readonly description!: string | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Rows without the header; of data elsewhere as declared. Null where it is not known.',
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
