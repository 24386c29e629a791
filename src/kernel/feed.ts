import { endsWithCaller, type Leavable } from './ends-with-caller';

/** An event that has a place in its feed. */
export interface Placed {
  /** Where whoever has seen the event stands. */
  readonly cursor: string;
}

/**
 * Events that many may watch as one. Iterating it gives what is new, once for all of them, and ends when somebody
 * calls `return`. What each of them needs by itself, to begin or to make good what it was too slow for, `since` gives.
 */
export interface Feed<Event extends Placed> extends Leavable<Event> {
  /** Where the iteration begins. */
  readonly origin: string;
  /** Whether what happens may be told later as well: then nobody is told a half of it while the database is away. */
  readonly isKept: boolean;
  /**
   * What somebody has to be told to stand at `upTo`: of an event that was missed, or of what several add up to. It
   * ends by itself, and returns where that is: `upTo`, or `after` where that is further on. Throws BAD_USER_INPUT
   * where `after` is no cursor of this feed.
   *
   * @param after cursor of the last event that was seen; null: none was
   * @param upTo `origin`, or the cursor of an event of the iteration
   */
  since(after: string | null, upTo: string): AsyncGenerator<Event, string, void>;
}

export interface FeedParts<Event extends Placed> extends Pick<Feed<Event>, 'origin' | 'isKept' | 'since'> {
  /** What is new from `origin` on, until the signal. */
  readonly news: (signal: AbortSignal) => AsyncGenerator<Event>;
}

/** The news begin with the first call of `next`, and end at once with `return`. */
export const feedOf = <Event extends Placed>({ news, ...parts }: FeedParts<Event>): Feed<Event> => ({
  ...endsWithCaller(news),
  ...parts,
  [Symbol.asyncIterator]() {
    return this;
  },
});
