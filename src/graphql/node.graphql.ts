import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { Context } from '../kernel/context.graphql';
import { decodeNodeId } from '../kernel/ids';
import { NodeType, type Typed } from '../kernel/node.graphql';
import { NODE_RESOLVERS } from './node-resolvers';

@Resolver()
export class NodeQuery {
  @Query(() => NodeType, {
    nullable: true,
    description: 'Any stored thing, by its id. Null where there is none.',
  })
  async node(
    @Arg('id', () => ID, { description: 'Opaque id of the thing.' }) id: string,
    @Ctx() { loaders }: Context,
  ): Promise<Typed | null> {
    const decoded = decodeNodeId(id);
    const resolver = decoded && NODE_RESOLVERS[decoded.kind];
    const row = resolver ? await resolver.load(loaders, decoded.id) : null;
    return row && resolver ? { ...row, __typename: resolver.type } : null;
  }
}
