import type { Actor } from '../kernel/actor';
import type { Loaders } from '../kernel/context.graphql';
import { NodeQuery } from './node.graphql';

/** The front doors that resolvers call. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- grows with the features
export interface Services {}

type ResolverClass = new (services: Services) => object;

/** Every resolver class; the schema is what they declare. */
export const RESOLVERS: readonly ResolverClass[] = [NodeQuery];

/** A fresh set of loaders, so that no operation ever sees what another has cached. */
export const createLoaders = (_services: Services, _actor: Actor): Loaders => ({});
