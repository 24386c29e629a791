import { Field, ID, InterfaceType } from 'type-graphql';
import type { Loaders } from './context.graphql';
import type { NodeKind } from './ids';

/** Values of an interface or union carry the name of their type: it is decided where they are made. */
export interface Typed {
  readonly __typename: string;
}

@InterfaceType('Node', {
  description:
    'A stored thing with an id of its own. Ids are opaque; REST and the command line take the same ones.',
})
export abstract class NodeType {
  @Field(() => ID, { description: 'Opaque id, the same for as long as the thing exists.' })
  readonly id!: string;
}

/** How `node(id)` finds things of each kind; every feature gives its own. */
export type NodeResolvers = Partial<
  Record<NodeKind, { readonly type: string; load(loaders: Loaders, id: string): Promise<object | null> }>
>;
