import {
  isAbstractType,
  isObjectType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import type { Context } from '../kernel/context.graphql';

type Handler = ReturnType<typeof getMetadataStorage>['queries'][number];
type Param = NonNullable<Handler['params']>[number];
type Args = Readonly<Record<string, unknown>>;
type Method = (...args: unknown[]) => unknown;
type Value = (root: unknown, args: Args, context: Context) => unknown;
type InstanceOf = (resolverClass: unknown) => object;

/**
 * Lets fields call our methods without type-graphql between them: it would copy every input, however large, into
 * instances of its classes, and read even plain properties through functions. Our methods take plain values. Methods
 * whose arguments are a class of their own keep its way.
 */
export function resolveDirectly(schema: GraphQLSchema, instanceOf: InstanceOf): void {
  const { queries, mutations, fieldResolvers, objectTypes } = getMetadataStorage();
  const nameOf = new Map<unknown, string>(objectTypes.map(({ target, name }) => [target, name]));
  /** Fields that are not simply the property of their name. */
  const computed = new Set<string>();
  for (const { name: typeName, fields = [] } of objectTypes) {
    for (const { name, schemaName } of fields)
      if (name !== schemaName) computed.add(`${typeName}.${schemaName}`);
  }
  for (const handler of fieldResolvers) {
    const typeName = nameOf.get(handler.getObjectType?.()) ?? '';
    computed.add(`${typeName}.${handler.schemaName}`);
    if (handler.kind === 'external') replace(schema.getType(typeName), handler, instanceOf);
  }
  for (const handler of queries) replace(schema.getQueryType(), handler, instanceOf);
  for (const handler of mutations) replace(schema.getMutationType(), handler, instanceOf);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) delete type.resolveType; // every value of ours has its `__typename`
  }
  for (const typeName of nameOf.values()) {
    for (const field of fieldsOf(schema.getType(typeName))) {
      if (!computed.has(`${typeName}.${field.name}`)) delete field.resolve;
    }
  }
}

const fieldsOf = (type: GraphQLNamedType | null | undefined): readonly GraphQLField<unknown, Context>[] =>
  isObjectType(type) ? Object.values(type.getFields()) : [];

function replace(
  type: GraphQLNamedType | null | undefined,
  {
    target,
    methodName,
    schemaName,
    params = [],
  }: Pick<Handler, 'target' | 'methodName' | 'schemaName' | 'params'>,
  instanceOf: InstanceOf,
): void {
  const field = fieldsOf(type).find(({ name }) => name === schemaName);
  const values = params.toSorted((one, other) => one.index - other.index).map(valueOf);
  if (!field || !values.every((value) => value !== null)) return;
  let method: Method | undefined;
  const bind = (): Method => {
    const instance = instanceOf(target) as Readonly<Record<string, Method | undefined>>;
    const bound = instance[methodName]?.bind(instance);
    if (!bound) throw new Error(`The resolver of ${schemaName} has no method ${methodName}.`);
    return bound;
  };
  field.resolve = (root, args: Args, context) =>
    (method ??= bind())(...values.map((value) => value(root, args, context)));
}

/** How the parameter gets its value; null where that is type-graphql's matter. */
function valueOf(param: Param): Value | null {
  switch (param.kind) {
    case 'arg': {
      const { name } = param;
      return (_root, args) => args[name];
    }
    case 'context':
      return param.propertyName === undefined ? (_root, _args, context) => context : null;
    case 'root':
      return param.propertyName === undefined ? (root) => root : null;
    default:
      return null;
  }
}
