import type { Placed } from '../kernel/feed';
import { OutagePatience } from '../kernel/outage-patience';
import type { Outlet } from './outlet';

/** What a member needs of its group. */
export interface Group<Event extends Placed> {
  /** The cursor up to which the group has told everything to those who are with it. */
  readonly position: string;
  /** Nothing follows after `position`. */
  readonly isOver: boolean;
  /** Why it is over, as the result that says so; null: it came to its end. */
  readonly failure: string | null;
  since(after: string | null, upTo: string): AsyncGenerator<Event, string, void>;
  /** Somebody waits for what comes after `position`; resolves when that has moved, or the group is over. */
  moved(): Promise<void>;
  /** Somebody is with it now, and waits for what comes next. */
  joined(): void;
  /** The member wants no more. */
  leave(member: SubscriptionMember<Event>): void;
}

export interface MemberInput<Event extends Placed> {
  readonly group: Group<Event>;
  readonly outlet: Outlet;
  /** The cursor to begin after; null: at the beginning. */
  readonly after: string | null;
  /** Executes an event for this member alone; the JSON of the result. Throws UNAVAILABLE, as the group's does. */
  readonly render: (event: Event) => Promise<string>;
  /** The JSON of a result that says what went wrong. */
  readonly renderFailure: (error: unknown) => string;
}

const OVER: IteratorResult<never, undefined> = { done: true, value: undefined };

/**
 * One subscriber. It is told by itself what it takes to stand where its group stands, then it is with the group, and
 * when its outlet is full it falls behind, and is told by itself again what it has missed. So nobody waits for
 * somebody who is slow, and nothing is kept for him.
 *
 * While the database is away whoever has begun stays; to begin takes the database.
 *
 * For the protocol it is an iterator that gives nothing and is done when the subscription is over: what it tells goes
 * to the outlet.
 */
export class SubscriptionMember<Event extends Placed> implements AsyncIterableIterator<never, undefined> {
  private state: 'new' | 'behind' | 'with the group' | 'gone' = 'new';
  private seen: string | null;
  private hasBegun = false;
  private readonly patience = new OutagePatience();
  private end: () => void = () => undefined;
  private readonly ended = new Promise<void>((resolve) => (this.end = resolve));

  constructor(private readonly input: MemberInput<Event>) {
    this.seen = input.after;
  }

  get isWithTheGroup(): boolean {
    return this.state === 'with the group';
  }

  /** An event that the group tells everybody. */
  take(cursor: string, payload: string): void {
    if (this.state !== 'with the group') return;
    if (this.input.outlet.isFull()) {
      void this.catchUp();
      return;
    }
    this.input.outlet.send(payload);
    this.seen = cursor;
  }

  /** The group is over: whoever is with it has been told everything. */
  finish(): void {
    if (this.state !== 'with the group') return;
    const { failure } = this.input.group;
    if (failure !== null) this.input.outlet.send(failure);
    this.goAway();
  }

  async next(): Promise<IteratorResult<never, undefined>> {
    if (this.state === 'new') void this.catchUp();
    await this.ended;
    return OVER;
  }

  return(): Promise<IteratorResult<never, undefined>> {
    this.goAway();
    return Promise.resolve(OVER);
  }

  throw(): Promise<IteratorResult<never, undefined>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async catchUp(): Promise<void> {
    this.state = 'behind';
    const { group, outlet, renderFailure } = this.input;
    try {
      while (this.isBehind()) {
        await outlet.hasRoom();
        const position = group.position;
        const go = () => this.goTo(position);
        await (this.hasBegun ? this.patience.insist(go, () => this.isBehind()) : go());
        if (!this.isBehind()) return;
        if (group.position !== position) continue;
        if (this.seen === position || group.isOver) this.joinGroup();
        else await group.moved(); // it has come from where the group has not been yet
      }
    } catch (error) {
      if (!this.isBehind()) return;
      outlet.send(renderFailure(error));
      this.goAway();
    }
  }

  private async goTo(position: string): Promise<void> {
    const { group, outlet, render } = this.input;
    const missed = group.since(this.seen, position);
    try {
      for (let next = await missed.next(); this.isBehind(); next = await missed.next()) {
        if (next.done) {
          this.seen = next.value;
          this.hasBegun = true;
          return;
        }
        const payload = await render(next.value);
        if (!this.isBehind()) return;
        outlet.send(payload);
        this.seen = next.value.cursor;
        await outlet.hasRoom();
      }
    } finally {
      await missed.return(position);
    }
  }

  private joinGroup(): void {
    this.state = 'with the group';
    if (this.input.group.isOver) this.finish();
    else this.input.group.joined();
  }

  private isBehind(): boolean {
    return this.state === 'behind';
  }

  private goAway(): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    this.end();
    this.input.group.leave(this);
  }
}
