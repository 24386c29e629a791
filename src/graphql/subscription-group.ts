import type { Feed, Placed } from '../kernel/feed';
import { AWAY, OutagePatience } from '../kernel/outage-patience';
import { SubscriptionMember, type Group, type MemberInput } from './subscription-member';

export interface GroupInput<Event extends Placed> {
  readonly feed: Feed<Event>;
  /** Executes an event, once for all; the JSON of the result. Throws UNAVAILABLE where that is to be done later. */
  readonly render: (event: Event) => Promise<string>;
  readonly renderFailure: (error: unknown) => string;
  /** Nobody may join any more. */
  readonly onOver: () => void;
}

/**
 * Subscribers who are told the same: one source, one execution and one text for each event, however many they are.
 * The next event is asked for when the one before has been handed to everybody, and only while somebody is there to
 * take it: so a group that is slow as a whole finds what it has missed in its feed, and not in a queue.
 */
export class SubscriptionGroup<Event extends Placed> implements Group<Event> {
  position: string;
  isOver = false;
  failure: string | null = null;
  private readonly members = new Set<SubscriptionMember<Event>>();
  private readonly patience = new OutagePatience();
  /** Members that are ahead of the group. */
  private waiting: (() => void)[] = [];
  private wake: () => void = () => undefined;

  constructor(private readonly input: GroupInput<Event>) {
    this.position = input.feed.origin;
    void this.run();
  }

  /** Whoever joins must be iterated, or be told to return. */
  join(member: Omit<MemberInput<Event>, 'group' | 'renderFailure'>): SubscriptionMember<Event> {
    const { renderFailure } = this.input;
    const joined = new SubscriptionMember<Event>({ ...member, renderFailure, group: this });
    this.members.add(joined);
    return joined;
  }

  since(after: string | null, upTo: string): AsyncGenerator<Event, string, void> {
    return this.input.feed.since(after, upTo);
  }

  joined(): void {
    this.wake();
  }

  moved(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.wake();
    });
  }

  leave(member: SubscriptionMember<Event>): void {
    this.members.delete(member);
    if (this.members.size === 0) void this.close();
  }

  private async run(): Promise<void> {
    const { feed, render, renderFailure } = this.input;
    try {
      for (await this.isWanted(); !this.isOver; await this.isWanted()) {
        const next = await feed.next();
        if (next.done) break;
        const payload = await this.patience.insist(
          () => render(next.value),
          () => !this.isOver,
        );
        if (payload !== AWAY) this.tell(next.value.cursor, payload);
      }
    } catch (error) {
      if (!this.isOver) this.failure = renderFailure(error);
    }
    await this.close();
  }

  private tell(cursor: string, payload: string): void {
    this.position = cursor;
    for (const member of this.members) member.take(cursor, payload);
    this.letGo();
  }

  /** Resolves when somebody waits for the next event, or nobody will. */
  private async isWanted(): Promise<void> {
    while (!this.isOver && this.waiting.length === 0 && !this.hasSomebodyWithIt())
      await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private hasSomebodyWithIt(): boolean {
    for (const member of this.members) if (member.isWithTheGroup) return true;
    return false;
  }

  /** Idempotent. Those who are behind are told what they have missed, and leave then. */
  private async close(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.input.onOver();
    for (const member of this.members) member.finish();
    this.letGo();
    this.wake();
    const { feed, renderFailure } = this.input;
    await feed.return().catch(renderFailure); // nobody is there to be told, but the log
  }

  private letGo(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
