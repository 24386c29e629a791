import { Arg, Ctx, Field, FieldResolver, Float, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { BigIntScalar, DoubleScalar } from '../kernel/scalars.graphql';
import type { RowComparison } from './data-profile';
import type { DeclaredColumn } from './dataset';
import type { Datasets, DatasetVersion } from './datasets';
import { DatasetDeclaredColumnType, DatasetVersionType } from './datasets.graphql';
import {
  columnDistances,
  schemaDiff,
  type ColumnDistance,
  type RetypedColumn,
  type SchemaDiff,
} from './version-diff';

interface Services {
  readonly datasets: Datasets;
}

/** Two files are read to their ends: an operation may ask for some such, not for dozens. */
const READING_COMPLEXITY = 500;

const REFERENCE = '`penguins@3`, or `penguins` for the newest version.';

@ObjectType('DatasetRetypedColumn', { description: 'A column whose datatype has changed.' })
class DatasetRetypedColumnType {
  @Field(() => String, { description: 'Name of the column.' })
  readonly name!: string;

  @Field(() => String, { description: 'Its datatype before.' })
  readonly from!: string;

  @Field(() => String, { description: 'Its datatype after.' })
  readonly to!: string;
}

@ObjectType('DatasetSchemaDiff', { description: 'What has changed in the columns, by their names.' })
class DatasetSchemaDiffType {
  @Field(() => [DatasetDeclaredColumnType], { description: 'Only in the second.' })
  readonly added!: readonly DeclaredColumn[];

  @Field(() => [DatasetDeclaredColumnType], { description: 'Only in the first.' })
  readonly removed!: readonly DeclaredColumn[];

  @Field(() => [DatasetRetypedColumnType], { description: 'In both, with different datatypes.' })
  readonly retyped!: readonly RetypedColumn[];
}

@ObjectType('DatasetRowDiff', {
  description:
    'Rows of two versions by their content in the columns that both have. A row that occurs three times in the one and once in the other is common once.',
})
class DatasetRowDiffType {
  @Field(() => [String], { description: 'The columns that were compared.' })
  readonly columns!: readonly string[];

  @Field(() => BigIntScalar, { description: 'Rows that are only in the second.' })
  readonly added!: number;

  @Field(() => BigIntScalar, { description: 'Rows that are only in the first.' })
  readonly removed!: number;

  @Field(() => BigIntScalar, { description: 'Rows that are in both.' })
  readonly common!: number;
}

@ObjectType('DatasetColumnDistance', {
  description: 'How far the values of a column have moved from one version to the other, by their profiles.',
})
class DatasetColumnDistanceType {
  @Field(() => String, { description: 'Name of the column.' })
  readonly name!: string;

  @Field(() => DoubleScalar, {
    nullable: true,
    description:
      'Population stability index, the sum of (q - p) ln(q / p), each share at least 0.0001 (Siddiqi, Credit Risk Scorecards, 2006). Numbers: over the tenths of the first. Categories: over the frequent values and all others together. 0.1 is taken for some change, 0.25 for much. Null where the types differ.',
  })
  readonly psi!: number | null;

  @Field(() => DoubleScalar, {
    nullable: true,
    description:
      'Kolmogorov–Smirnov statistic: the largest distance of the distribution functions, 0 to 1, to about 0.01. Of numbers.',
  })
  readonly kolmogorovSmirnov!: number | null;

  @Field(() => DoubleScalar, {
    nullable: true,
    description: 'Jensen–Shannon divergence to the base 2 (Lin, 1991), 0 to 1. Of BOOL and BYTES.',
  })
  readonly jensenShannon!: number | null;

  @Field(() => Float, { nullable: true, description: 'Share of rows of the first without a value.' })
  readonly fromMissingShare!: number | null;

  @Field(() => Float, { nullable: true, description: 'Share of rows of the second without a value.' })
  readonly toMissingShare!: number | null;
}

@ObjectType('DatasetVersionDiff', { description: 'What has changed from one version to another.' })
class DatasetVersionDiffType {
  @Field(() => DatasetVersionType, { description: 'The first.' })
  readonly from!: DatasetVersion;

  @Field(() => DatasetVersionType, { description: 'The second.' })
  readonly to!: DatasetVersion;
}

@ObjectType('DatasetOverlap', {
  description: 'Rows that two versions share, by their content in the columns that both have.',
})
class DatasetOverlapType {
  @Field(() => [String], { description: 'The columns that were compared.' })
  readonly columns!: readonly string[];

  @Field(() => BigIntScalar, { description: 'Rows of this version whose content occurs in the other.' })
  readonly rows!: number;

  @Field(() => BigIntScalar, { description: 'Rows of the other version whose content occurs in this one.' })
  readonly otherRows!: number;

  @Field(() => Float, {
    nullable: true,
    description: '`rows` as a share of this version. Null without rows.',
  })
  readonly share!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: '`otherRows` as a share of the other. Null without rows.',
  })
  readonly otherShare!: number | null;
}

interface Pair {
  readonly from: DatasetVersion;
  readonly to: DatasetVersion;
}

@Resolver(() => DatasetVersionDiffType)
class DatasetVersionDiffFields {
  constructor(private readonly services: Services) {}

  @Query(() => DatasetVersionDiffType, {
    nullable: true,
    description: 'What has changed from one version to another. Null where one of them does not exist.',
  })
  async diffDatasetVersions(
    @Arg('from', () => String, { description: REFERENCE }) from: string,
    @Arg('to', () => String, { description: REFERENCE }) to: string,
    @Ctx() { actor }: Context,
  ): Promise<Pair | null> {
    const [first, second] = await this.services.datasets.versionsByRefs(actor, [from, to]);
    return first && second ? { from: first, to: second } : null;
  }

  @FieldResolver(() => DatasetSchemaDiffType, {
    nullable: true,
    description: 'Columns, of data elsewhere the declared ones. Null where one has none that are known.',
  })
  async schema(@Root() pair: Pair, @Ctx() context: Context): Promise<SchemaDiff | null> {
    const [from, to] = await described(pair, context);
    return schemaDiff(from, to);
  }

  @FieldResolver(() => [DatasetColumnDistanceType], {
    nullable: true,
    description: 'Of the columns that both have. Null where one was not read.',
    complexity: listComplexity,
  })
  async columns(@Root() pair: Pair, @Ctx() context: Context): Promise<readonly ColumnDistance[] | null> {
    const [from, to] = await described(pair, context);
    return columnDistances(from, to);
  }

  @FieldResolver(() => DatasetRowDiffType, {
    nullable: true,
    description: 'Both are read for it. Null where the bytes of one are not here, or they share no column.',
    complexity: READING_COMPLEXITY,
  })
  async rows(@Root() { from, to }: Pair, @Ctx() { actor }: Context): Promise<DatasetRowDiffType | null> {
    const comparison = await this.services.datasets.compareRows(actor, from, to);
    if (comparison === null) return null;
    const { columns, common, fromRows, toRows } = comparison;
    return { columns, common, added: toRows - common, removed: fromRows - common };
  }
}

@Resolver(() => DatasetVersionType)
class DatasetVersionOverlap {
  constructor(private readonly services: Services) {}

  @FieldResolver(() => DatasetOverlapType, {
    nullable: true,
    description:
      'Whether rows of this version are in another, a test set in a training set for example. Both are read for it. Null where there is no such version, the bytes of one are not here, or they share no column.',
    complexity: READING_COMPLEXITY,
  })
  async overlap(
    @Root() version: DatasetVersion,
    @Arg('other', () => String, { description: REFERENCE }) other: string,
    @Ctx() { actor }: Context,
  ): Promise<DatasetOverlapType | null> {
    const [second] = await this.services.datasets.versionsByRefs(actor, [other]);
    const comparison = second ? await this.services.datasets.compareRows(actor, version, second) : null;
    return comparison && toOverlap(comparison);
  }
}

function toOverlap({ columns, fromShared, toShared, fromRows, toRows }: RowComparison): DatasetOverlapType {
  return {
    ...{ columns, rows: fromShared, otherRows: toShared },
    share: fromRows === 0 ? null : fromShared / fromRows,
    otherShare: toRows === 0 ? null : toShared / toRows,
  };
}

const described = ({ from, to }: Pair, { loaders }: Context) =>
  Promise.all([
    loaders.datasetColumns.load(from.id).then((columns) => ({ version: from, columns })),
    loaders.datasetColumns.load(to.id).then((columns) => ({ version: to, columns })),
  ]);

export const COMPARISON_RESOLVERS = [DatasetVersionDiffFields, DatasetVersionOverlap] as const;
