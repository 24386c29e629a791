/** An iterator that may be told that nobody reads it any more. */
export interface Leavable<Event> extends AsyncIterableIterator<Event, undefined> {
  return(): Promise<IteratorResult<Event, undefined>>;
}

/**
 * Events that end at once when their reader leaves. A generator alone would not: while it waits, `return()` waits
 * with it, perhaps for ever. Here leaving aborts the signal, which ends the wait.
 */
export function endsWithCaller<Event>(make: (signal: AbortSignal) => AsyncGenerator<Event>): Leavable<Event> {
  const leaving = new AbortController();
  const events = make(leaving.signal);
  const end = async (): Promise<IteratorResult<Event, undefined>> => {
    leaving.abort();
    await events.return(undefined);
    return { done: true, value: undefined };
  };
  return {
    next: () => events.next() as Promise<IteratorResult<Event, undefined>>,
    return: end,
    throw: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
