import DataLoader from 'dataloader';
import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { connectionOf } from '../kernel/connection.graphql';
import type { Loaders } from '../kernel/context.graphql';
import type { Page } from '../kernel/cursor';
import { NodeType, type NodeResolvers } from '../kernel/node.graphql';
import { BigIntScalar, DateTimeScalar, DoubleScalar } from '../kernel/scalars.graphql';
import type { RunId } from '../tracking/tracking';
import { MOVE_KINDS, type Alias, type AliasMove } from './aliases/alias';
import {
  COMPARISONS,
  DIRECTIONS,
  type Comparison,
  type Direction,
  type Model,
  type ModelId,
} from './models/model';
import {
  VERSION_FORMATS,
  type ModelVersion,
  type ModelVersionId,
  type VersionFile,
  type VersionFormat,
  type VersionMetric,
} from './versions/model-version';
import type { Registry } from './registry';
import type { HistoryKey, VersionsPageKey } from './registry.queries';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly model: DataLoader<ModelId, Model | null>;
    readonly modelVersion: DataLoader<ModelVersionId, ModelVersion | null>;
    readonly versionPage: DataLoader<VersionsPageKey, Page<ModelVersion>, string>;
    readonly versionsOfRun: DataLoader<RunId, ModelVersion[]>;
    readonly filesOfVersion: DataLoader<ModelVersionId, VersionFile[]>;
    readonly metricsOfVersion: DataLoader<ModelVersionId, VersionMetric[]>;
    readonly aliasesOfModel: DataLoader<ModelId, Alias[]>;
    readonly aliasesOfVersion: DataLoader<ModelVersionId, Alias[]>;
    readonly aliasHistory: DataLoader<HistoryKey, AliasMove[], string>;
  }
}

type RegistryLoaders = Pick<
  Loaders,
  | 'model'
  | 'modelVersion'
  | 'versionPage'
  | 'versionsOfRun'
  | 'filesOfVersion'
  | 'metricsOfVersion'
  | 'aliasesOfModel'
  | 'aliasesOfVersion'
  | 'aliasHistory'
>;

export const registryLoaders = (
  { registry }: { readonly registry: Registry },
  actor: Actor,
): RegistryLoaders => ({
  model: new DataLoader((ids) => registry.modelsByIds(actor, ids)),
  modelVersion: new DataLoader((ids) => registry.versionsByIds(actor, ids)),
  versionPage: new DataLoader((keys: readonly VersionsPageKey[]) => registry.versionPages(actor, keys), {
    cacheKeyFn: (key) => JSON.stringify(key),
  }),
  versionsOfRun: new DataLoader((ids) => registry.versionsOfRuns(actor, ids)),
  filesOfVersion: new DataLoader((ids) => registry.filesOfVersions(actor, ids)),
  metricsOfVersion: new DataLoader((ids) => registry.metricsOfVersions(actor, ids)),
  aliasesOfModel: new DataLoader((ids) => registry.aliasesOfModels(actor, ids)),
  aliasesOfVersion: new DataLoader((ids) => registry.aliasesOfVersions(actor, ids)),
  aliasHistory: new DataLoader((keys: readonly HistoryKey[]) => registry.histories(actor, keys), {
    cacheKeyFn: (key) => JSON.stringify(key),
  }),
});

export const registryNodes: NodeResolvers = {
  model: { type: 'Model', load: ({ model }, id) => model.load(id as ModelId) },
  model_version: {
    type: 'ModelVersion',
    load: ({ modelVersion }, id) => modelVersion.load(id as ModelVersionId),
  },
};

const enumOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { [Key in Name]: Key };

export const DirectionEnum = enumOf(DIRECTIONS);
registerEnumType(DirectionEnum, {
  name: 'Direction',
  description: 'Which way a metric is better.',
  valuesConfig: {
    MAXIMIZE: { description: 'More is better.' },
    MINIMIZE: { description: 'Less is better.' },
  },
});

export const ComparisonEnum = enumOf(COMPARISONS);
registerEnumType(ComparisonEnum, {
  name: 'Comparison',
  description: 'On which side of its limit a number must be.',
  valuesConfig: { LTE: { description: 'At most the limit.' }, GTE: { description: 'At least the limit.' } },
});

const AliasMoveKindEnum = enumOf(MOVE_KINDS);
registerEnumType(AliasMoveKindEnum, {
  name: 'AliasMoveKind',
  description: 'Why an alias moved.',
  valuesConfig: {
    PROMOTION: { description: 'A version passed its gates and went live.' },
    ROLLBACK: { description: 'The version that was live before came back.' },
    REMOVAL: { description: 'The alias was taken away.' },
  },
});

const VersionFormatEnum = enumOf(VERSION_FORMATS);
registerEnumType(VersionFormatEnum, {
  name: 'ModelVersionFormat',
  description: 'What the bytes of a version are.',
  valuesConfig: {
    ONNX: { description: 'An ONNX file, which is served.' },
    REMOTE: { description: 'A document that says which server has the model; that server is asked.' },
    OPAQUE: {
      description:
        'A list of files in another flavour. They are kept and handed out, never opened or served.',
    },
  },
});

@ObjectType('OptimizingMetric', { description: 'The one metric that a model is to be best at.' })
export class OptimizingMetricType {
  @Field(() => String, { description: 'Key of the metric.' })
  readonly key!: string;

  @Field(() => DirectionEnum, { description: 'Which way it is better.' })
  readonly direction!: Direction;

  @Field(() => Float, { description: "Differences up to this are noise; in the metric's own unit." })
  readonly tolerance!: number;
}

@ObjectType('MetricLimit', { description: 'What a version must satisfy before an alias may point at it.' })
export class MetricLimitType {
  @Field(() => String, {
    description: 'Key of the metric, or `model_size_bytes` or `latency_p99_ms`, which are measured.',
  })
  readonly key!: string;

  @Field(() => ComparisonEnum, { description: 'On which side of the value the number must be.' })
  readonly comparison!: Comparison;

  @Field(() => Float, { description: "The limit, in the metric's own unit." })
  readonly value!: number;
}

@ObjectType('Model', {
  implements: NodeType,
  description: 'A name, its versions, and what they are judged by.',
})
export class ModelType {
  @Field(() => String, { description: 'Unique in the project.' })
  readonly name!: string;

  @Field(() => String, { description: 'What it is for. Empty where nobody has said.' })
  readonly description!: string;

  @Field(() => OptimizingMetricType, { nullable: true, description: 'Null until `createModel` declares it.' })
  readonly optimizing!: OptimizingMetricType | null;

  @Field(() => [MetricLimitType], { description: 'Limits that every promotion checks.' })
  readonly limits!: readonly MetricLimitType[];

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  readonly createdAt!: Date;

  @Field(() => DateTimeScalar, {
    description: 'When its name or its description changed, or a version was added.',
  })
  readonly updatedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Null while it is there. What happened with it tells of it still.',
  })
  readonly deletedAt!: Date | null;
}

@ObjectType('Alias', { description: 'A name of a model that points at one of its versions, and moves.' })
export class AliasType {
  @Field(() => String, { description: 'Unique in the model, for example `production`.' })
  readonly name!: string;

  @Field(() => Int, { description: 'How often it has moved. Give it as `expectedRevision`.' })
  readonly revision!: number;
}

@ObjectType('AliasMove', { description: 'One move of an alias.' })
export class AliasMoveType {
  @Field(() => DateTimeScalar, { description: 'When it moved.' })
  readonly at!: Date;

  @Field(() => AliasMoveKindEnum, { description: 'Forward, or back.' })
  readonly kind!: AliasMove['kind'];

  @Field(() => Int, { description: "The alias's revision after the move." })
  readonly revision!: number;

  @Field(() => String, { nullable: true, description: 'Why, in the words of whoever moved it.' })
  readonly reason!: string | null;

  @Field(() => String, { name: 'actor', description: 'Name of the API key that moved it.' })
  readonly actorName!: string;
}

@ObjectType('Column', { description: 'A named value of a row.' })
export class ColumnType {
  @Field(() => String, { description: 'Key in a row.' })
  readonly name!: string;

  @Field(() => String, {
    description: 'Datatype as the Open Inference Protocol names it: FP32, INT64, BYTES, …',
  })
  readonly datatype!: string;

  @Field(() => Boolean, { description: 'Whether the model answers without NaN when it is null or absent.' })
  readonly nullable!: boolean;
}

@ObjectType('TensorSpec', { description: 'What a model declares of one input or output.' })
export class TensorSpecType {
  @Field(() => String, { description: 'Name of the tensor.' })
  readonly name!: string;

  @Field(() => String, {
    description: 'Datatype as the Open Inference Protocol names it: FP32, INT64, BYTES, …',
  })
  readonly datatype!: string;

  @Field(() => [BigIntScalar], { description: 'Sizes of the dimensions. One of -1 may vary.' })
  readonly shape!: readonly number[];
}

@ObjectType('Signature', { description: 'The data contract of a version, read from its file.' })
export class SignatureType {
  @Field(() => [ColumnType], {
    description: 'Columns of a row. Empty where one tensor holds columns without names.',
  })
  readonly columns!: readonly ColumnType[];

  @Field(() => [TensorSpecType], { description: 'Tensors that it takes.' })
  readonly inputs!: readonly TensorSpecType[];

  @Field(() => [TensorSpecType], { description: 'Tensors that it gives.' })
  readonly outputs!: readonly TensorSpecType[];

  @Field(() => [String], { nullable: true, description: 'Names of the classes. Null where it has none.' })
  readonly labels!: readonly string[] | null;

  @Field(() => Boolean, { description: 'Whether rows of several callers may share one run.' })
  readonly batchable!: boolean;
}

@ObjectType('VersionReason', { description: 'Why a version has its number.' })
export class VersionReasonType {
  @Field(() => String, { description: 'The part of the number that moved: MAJOR, MINOR or PIPELINE.' })
  readonly component!: string;

  @Field(() => String, { description: 'One sentence for a person.' })
  readonly summary!: string;

  @Field(() => [String], { description: 'The facts that decided: which number, on which data.' })
  readonly evidence!: readonly string[];
}

@ObjectType('ModelVersion', {
  implements: NodeType,
  description: 'One registered model. What was registered never changes; what is said of it may.',
})
export class ModelVersionType {
  @Field(() => String, { description: 'Name and number, for example `fraud@2.1.0`.' })
  readonly ref!: string;

  @Field(() => String, { description: '`MAJOR.MINOR.PIPELINE`.' })
  readonly number!: string;

  @Field(() => Int, { description: '1, 2, … in order of registration: the version on other doors.' })
  readonly ordinal!: number;

  @Field(() => String, { description: 'What its maker says of it.' })
  readonly description!: string;

  @Field(() => VersionReasonType, { description: 'Why it has this number.' })
  readonly reason!: VersionReasonType;

  @Field(() => SignatureType, { description: 'What it takes and what it gives.' })
  readonly signature!: SignatureType;

  @Field(() => VersionFormatEnum, { description: 'What its bytes are.' })
  readonly format!: VersionFormat;

  @Field(() => DateTimeScalar, { description: 'When it was registered.' })
  readonly createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When its description changed.' })
  readonly updatedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Null while it is there. What happened with it tells of it still.',
  })
  readonly deletedAt!: Date | null;
}

@ObjectType('GateResult', { description: 'What one check found. What could not be checked has not passed.' })
export class GateResultType {
  @Field(() => String, { description: '`integrity`, `signature`, or the key of the limit.' })
  readonly name!: string;

  @Field(() => Boolean, { description: 'Whether the version may go live as far as this gate knows.' })
  readonly passed!: boolean;

  @Field(() => DoubleScalar, {
    nullable: true,
    description: 'The number that was found. Null where there is none.',
  })
  readonly actual!: number | null;

  @Field(() => DoubleScalar, { nullable: true, description: 'The number that it was held against.' })
  readonly limit!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Unit of both numbers, where it is known: `bytes`, `ms`.',
  })
  readonly unit!: string | null;

  @Field(() => String, { description: 'One sentence for a person.' })
  readonly message!: string;
}

export const ModelConnection = connectionOf<Model>('Model', () => ModelType);
export const ModelVersionConnection = connectionOf<ModelVersion>('ModelVersion', () => ModelVersionType);
