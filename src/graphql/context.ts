import type { Actor } from '../kernel/actor';
import type { Context, Loaders } from '../kernel/context.graphql';
import { newId } from '../kernel/ids';
import { createLoaders, type Services } from './resolvers';

/** The context of one operation. Loaders and id are made when first asked for: most predictions need neither. */
export class OperationContext implements Context {
  private made: Loaders | undefined;

  constructor(
    readonly services: Services,
    readonly actor: Actor,
    private id?: string,
    readonly isAbandoned?: () => boolean,
    readonly header?: (name: string) => string | undefined,
  ) {}

  get requestId(): string {
    return (this.id ??= newId());
  }

  get loaders(): Loaders {
    return (this.made ??= createLoaders(this.services, this.actor));
  }

  /** The same call with empty loaders: an event of a subscription must not see what an earlier one has cached. */
  refreshed(): OperationContext {
    return new OperationContext(this.services, this.actor, this.requestId);
  }
}
