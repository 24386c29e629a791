/** A clock and an event loop. */
export interface Loop {
  readonly nowMs: () => number;
  readonly nextTurn: (task: () => void) => void;
}

export const NODE_LOOP: Loop = { nowMs: () => performance.now(), nextTurn: setImmediate };

/**
 * Keeps this process from sleeping until something has come that is about to: for as long as a turn of the event loop
 * is wanted, it looks for what has arrived instead. To be woken costs up to a tenth of a millisecond, a turn a
 * microsecond.
 *
 * @param limitMs after which it may sleep, whatever has come
 */
export function stayAwake(hasCome: () => boolean, limitMs: number, loop: Loop = NODE_LOOP): void {
  const until = loop.nowMs() + limitMs;
  const look = (): void => {
    if (!hasCome() && loop.nowMs() <= until) loop.nextTurn(look);
  };
  look();
}
