import type { NodeResolvers } from '../kernel/node.graphql';

/** How `node(id)` finds each kind of stored thing. */
export const NODE_RESOLVERS: NodeResolvers = {};
