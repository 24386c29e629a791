import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import { listComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import {
  lineageId,
  MAX_DEPTH,
  type Lineage,
  type LineageDirection,
  type LineageEdge,
  type LineageGraph,
  type LineageKind,
  type LineageNode,
} from './lineage';

const kindEnum = {
  DATASET_VERSION: 'DATASET_VERSION',
  RUN: 'RUN',
  ARTIFACT: 'ARTIFACT',
  MODEL_VERSION: 'MODEL_VERSION',
  ALIAS: 'ALIAS',
  ENDPOINT: 'ENDPOINT',
} as const satisfies { readonly [Kind in LineageKind]: Kind };
registerEnumType(kindEnum, {
  name: 'LineageKind',
  description: 'What a node of the lineage stands for.',
  valuesConfig: {
    DATASET_VERSION: { description: 'Data, as it was at one time.' },
    RUN: { description: 'A try that was tracked.' },
    ARTIFACT: { description: 'Bytes, by their hash.' },
    MODEL_VERSION: { description: 'A registered model file.' },
    ALIAS: { description: 'A name of a model that moves between its versions.' },
    ENDPOINT: { description: 'A name that applications call.' },
  },
});

const directionEnum = {
  UPSTREAM: 'UPSTREAM',
  DOWNSTREAM: 'DOWNSTREAM',
  BOTH: 'BOTH',
} as const satisfies { readonly [Direction in LineageDirection]: Direction };
registerEnumType(directionEnum, {
  name: 'LineageDirection',
  description: 'Which way to walk from a node.',
  valuesConfig: {
    UPSTREAM: { description: 'To what it came from.' },
    DOWNSTREAM: { description: 'To what came from it.' },
    BOTH: { description: 'Both ways, each straight on: siblings are no part of it.' },
  },
});

const DEFAULT_DEPTH = 5; // from an endpoint to the data that its version was made from

@ObjectType('LineageNode', { description: 'A thing that came from others, or that others came from.' })
export class LineageNodeType {
  @Field(() => kindEnum, { description: 'What it stands for.' })
  readonly kind!: LineageKind;

  @Field(() => String, { description: 'For a person: a reference, a name, or a path with a short hash.' })
  readonly label!: string;

  @Field(() => Int, {
    description: 'Edges of the node in all: more than are told here, where there is more.',
  })
  readonly degree!: number;
}

@ObjectType('LineageEdge', { description: 'Reads as a sentence: `penguins@1` trained `penguins@1.0.0`.' })
export class LineageEdgeType {
  @Field(() => String, {
    description: 'read by, logged, file of, made, trained, evaluated, named, served by.',
  })
  readonly label!: string;
}

@ObjectType('LineageGraph', { description: 'What is around a node.' })
export class LineageGraphType {
  @Field(() => [LineageNodeType], {
    complexity: listComplexity,
    description: 'The nearest first, and first of all the node that was asked for.',
  })
  readonly nodes!: readonly LineageNode[];

  @Field(() => [LineageEdgeType], {
    complexity: listComplexity,
    description: 'Every edge between these nodes.',
  })
  readonly edges!: readonly LineageEdge[];

  @Field(() => Boolean, { description: 'Whether more lies in this direction than is told.' })
  readonly isPartial!: boolean;
}

@Resolver(() => LineageNodeType)
class LineageNodeFields {
  @FieldResolver(() => ID, {
    description: 'Opaque id. Of a stored thing that is a `Node`, the same as its id there.',
  })
  id(@Root() { key }: LineageNode): string {
    return lineageId(key);
  }
}

@Resolver(() => LineageEdgeType)
class LineageEdgeFields {
  @FieldResolver(() => ID, { description: 'Id of the node that was there first.' })
  from(@Root() { from }: LineageEdge): string {
    return lineageId(from);
  }

  @FieldResolver(() => ID, { description: 'Id of the node that came from it.' })
  to(@Root() { to }: LineageEdge): string {
    return lineageId(to);
  }
}

@Resolver()
class LineageOperations {
  constructor(private readonly services: { readonly lineage: Lineage }) {}

  @Query(() => LineageGraphType, {
    nullable: true,
    description: 'What came from what, around one thing. Null where there is no such thing.',
  })
  lineage(
    @Arg('id', () => ID, {
      nullable: true,
      description: 'Id of a dataset version, run, model version, endpoint or lineage node. Or else `of`.',
    })
    id: string | null | undefined,
    @Arg('of', () => String, {
      nullable: true,
      description:
        'Name of an endpoint, else a model reference, else a dataset reference. ' +
        'A prefix says which is meant: `endpoint:NAME`, `model:fraud@production`, `dataset:penguins@3`.',
    })
    of: string | null | undefined,
    @Arg('direction', () => directionEnum, { defaultValue: 'BOTH', description: 'Which way to walk.' })
    direction: LineageDirection,
    @Arg('depth', () => Int, {
      defaultValue: DEFAULT_DEPTH,
      description: `Edges from the node to the farthest one: 1 to ${MAX_DEPTH}.`,
    })
    depth: number,
    @Ctx() { actor }: Context,
  ): Promise<LineageGraph | null> {
    return this.services.lineage.graph(actor, { id, of, direction, depth });
  }
}

export const LINEAGE_RESOLVERS = [LineageOperations, LineageNodeFields, LineageEdgeFields] as const;
