/**
 * Events that end at once when their reader leaves. A generator alone would not: while it waits, `return()` waits
 * with it, perhaps for ever. Here leaving aborts the signal, which ends the wait.
 */
export function endsWithCaller<Event>(
  make: (signal: AbortSignal) => AsyncGenerator<Event>,
): AsyncIterableIterator<Event, undefined> {
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
