import type { Placed } from './feed';
import { AWAY, OutagePatience } from './outage-patience';

export interface Looks<Event extends Placed> {
  /** When there may be something new, the first time at once; the looks end it. */
  readonly wakes: AsyncGenerator<void>;
  /** The cursor where the first look begins. */
  readonly origin: string;
  /** What has happened after `seen`. Returns the cursor up to which that is all; null: nothing will follow. */
  readonly look: (seen: string) => AsyncGenerator<Event, string | null, void>;
}

/**
 * The news of a feed that are read after a cursor, whenever somebody wakes it. A look that fails since the database is
 * away has told what it has told: the next one goes on from there.
 */
export async function* newsByLooks<Event extends Placed>({
  wakes,
  origin,
  look,
}: Looks<Event>): AsyncGenerator<Event, void, void> {
  const patience = new OutagePatience();
  let seen: string | null = origin;
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- a wake-up carries nothing
  for await (const _ of wakes) {
    const found = look(seen);
    for (;;) {
      const next: IteratorResult<Event, string | null> | typeof AWAY = await patience.unlessAway(() =>
        found.next(),
      );
      if (next === AWAY) break;
      if (!next.done) {
        yield next.value;
        seen = next.value.cursor;
        continue;
      }
      if (next.value === null) return;
      seen = next.value;
      break;
    }
  }
}
