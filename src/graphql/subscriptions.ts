import { createSourceEventStream, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { Feed, Placed } from '../kernel/feed';
import type { OperationContext } from './context';
import type { Operations } from './operations';
import type { Outlet } from './outlet';
import { SubscriptionGroup } from './subscription-group';
import { subscriptionStart } from './subscription-start';

type Founded = { readonly group: SubscriptionGroup<Placed> } | { readonly refusal: ExecutionResult };

/** What is watched now, by whom, in groups of those who are told the same. */
export class Subscriptions {
  private readonly groups = new Map<string, Promise<Founded>>();

  constructor(private readonly operations: Operations) {}

  /**
   * A new member of its group, whose events go to the outlet from the first call of `next` on, or the result that says
   * why not. Whoever gets a member must iterate it, or tell it to return.
   */
  async subscribe(
    args: ExecutionArgs,
    outlet: Outlet,
  ): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const context = args.contextValue as OperationContext;
    try {
      const { key, after } = subscriptionStart(args);
      for (;;) {
        const founded = await this.groupOf(key, args);
        if ('refusal' in founded) return founded.refusal;
        if (founded.group.isOver) continue; // its last member has left in the meantime
        return founded.group.join({ outlet, after, render: (event) => this.render(args, event) });
      }
    } catch (error) {
      return this.failure(error, context);
    }
  }

  private groupOf(key: string, args: ExecutionArgs): Promise<Founded> {
    const known = this.groups.get(key);
    if (known) return known;
    const founded = this.found(args, () => {
      if (this.groups.get(key) === founded) this.groups.delete(key);
    });
    this.groups.set(key, founded);
    return founded;
  }

  /** @param forget called when nobody may join any more; a founder that is refused forgets, too */
  private async found(args: ExecutionArgs, forget: () => void): Promise<Founded> {
    const context = args.contextValue as OperationContext;
    try {
      const source = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in source)) {
        forget();
        return { refusal: this.operations.masked(source, context) };
      }
      const group = new SubscriptionGroup({
        feed: feedIn(source),
        render: (event) => this.render(args, event),
        renderFailure: (error) => JSON.stringify(this.failure(error, context)),
        onOver: forget,
      });
      return { group };
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** Every event is executed with loaders of its own. */
  private async render(args: ExecutionArgs, event: Placed): Promise<string> {
    const contextValue = (args.contextValue as OperationContext).refreshed();
    return JSON.stringify(await this.operations.execute({ ...args, rootValue: event, contextValue }));
  }

  private failure(error: unknown, context: OperationContext): ExecutionResult {
    const original = error instanceof Error ? error : new Error(String(error));
    const located =
      original instanceof GraphQLError
        ? original
        : new GraphQLError(original.message, { originalError: original });
    return this.operations.masked({ errors: [located] }, context);
  }
}

/** Every subscription of ours is a feed; one that is none could not be shared. */
function feedIn(source: AsyncIterable<unknown>): Feed<Placed> {
  if (!('origin' in source && 'since' in source)) throw new Error('A subscription must give a feed.');
  return source as Feed<Placed>;
}
