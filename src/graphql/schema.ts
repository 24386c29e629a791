import 'reflect-metadata';
import { lexicographicSortSchema, printSchema, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, type NonEmptyArray, type PubSub } from 'type-graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import { resolveDirectly } from './direct-resolvers';
import { RESOLVERS, type Services } from './resolvers';

/** type-graphql asks for one, but every subscription of ours reads the database after its cursor. */
const NO_PUB_SUB: PubSub = {
  publish: () => {
    throw new Error('Subscriptions are woken by the bus.');
  },
  subscribe: () => {
    throw new Error('Subscriptions bring their own source.');
  },
};

/** The one schema, over resolvers that are made when a field first needs them. */
export function createSchema(services?: Services): GraphQLSchema {
  const instances = new Map<unknown, object>();
  const get = (resolverClass: (typeof RESOLVERS)[number]): object => {
    if (!services) throw new Error('This schema was made to be printed: it has no services.');
    const instance = instances.get(resolverClass) ?? new resolverClass(services);
    instances.set(resolverClass, instance);
    return instance;
  };
  const schema = buildSchemaSync({
    resolvers: [...RESOLVERS] as unknown as NonEmptyArray<(typeof RESOLVERS)[number]>,
    container: { get: (resolverClass) => get(resolverClass as (typeof RESOLVERS)[number]) },
    scalarsMap: [{ type: Date, scalar: DateTimeScalar }],
    pubSub: NO_PUB_SUB,
    skipCheck: services !== undefined, // it asks the schema all about itself, a third of a second; printing checks it
    validate: false, // rules of the business are checked in the use cases, where every door passes
  });
  resolveDirectly(schema, (resolverClass) => get(resolverClass as (typeof RESOLVERS)[number]));
  describe(schema.getQueryType(), 'Reading. What is missing, or hidden from the caller, is null.');
  describe(
    schema.getMutationType(),
    'Acting. Each mutation is one act, and answers its success or a refusal that says why.',
  );
  describe(
    schema.getSubscriptionType(),
    'Watching: how it stands, then what is new. Give the last event’s cursor as `after` to go on from there.',
  );
  return schema;
}

/** type-graphql has no place for the descriptions of the three root types. */
function describe(type: GraphQLObjectType | null | undefined, description: string): void {
  if (type) type.description = description;
}

/** The schema as text: sorted, so that a diff shows what changed and nothing else. */
export const printSortedSchema = (schema: GraphQLSchema): string =>
  `${printSchema(lexicographicSortSchema(schema))}\n`;
