import { createSourceEventStream, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { DatabaseAway } from '../kernel/database/database-away';
import type { Feed, Placed } from '../kernel/feed';
import { rootCause } from './client-errors';
import type { OperationContext } from './context';
import type { Operations } from './operations';
import type { Outlet } from './outlet';
import { SubscriptionGroup } from './subscription-group';
import { subscriptionStart } from './subscription-start';

type Render = (event: Placed) => Promise<string>;
type Founded =
  | { readonly group: SubscriptionGroup<Placed>; readonly isKept: boolean }
  | { readonly refusal: ExecutionResult };

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
        return founded.group.join({ outlet, after, render: this.renderer(args, founded.isKept) });
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
      const feed = feedIn(source);
      const group = new SubscriptionGroup({
        feed,
        render: this.renderer(args, feed.isKept),
        renderFailure: (error) => JSON.stringify(this.failure(error, context)),
        onOver: forget,
      });
      return { group, isKept: feed.isKept };
    } catch (error) {
      forget();
      throw error;
    }
  }

  /**
   * Every event is executed with loaders of its own.
   *
   * @param isWhole whether it throws where the database is away for a part of the event, rather than leave that out
   */
  private renderer(args: ExecutionArgs, isWhole: boolean): Render {
    return async (event) => {
      const contextValue = (args.contextValue as OperationContext).refreshed();
      const result = await this.operations.executeUnmasked({ ...args, rootValue: event, contextValue });
      const away = isWhole && result.errors?.map(rootCause).find((cause) => cause instanceof DatabaseAway);
      if (away) throw away;
      return JSON.stringify(this.operations.masked(result, contextValue));
    };
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
