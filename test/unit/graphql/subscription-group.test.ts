import fc from 'fast-check';
import { SubscriptionGroup } from '../../../src/graphql/subscription-group';
import type { SubscriptionMember } from '../../../src/graphql/subscription-member';
import { unavailable } from '../../../src/kernel/errors';
import { feedOf, type Feed } from '../../../src/kernel/feed';

/** What was written after the first `from` words and up to the word `to`; from nothing on, it is a snapshot. */
interface Told {
  readonly cursor: string;
  readonly from: number;
  readonly to: number;
}
type Pause = (what: string) => Promise<void>;

/** Words that somebody writes; whoever reads late finds several as one. */
class Story {
  words = 0;
  isOver = false;
  failure: Error | null = null;
  isReleased = false;
  private wake = () => {};

  constructor(private readonly pause: Pause) {}

  write(words: number): void {
    this.words += words;
    this.wake();
  }

  end(failure: Error | null = null): void {
    this.isOver = true;
    this.failure = failure;
    this.wake();
  }

  feed(): Feed<Told> {
    const origin = this.words;
    return feedOf({
      origin: String(origin),
      isKept: true,
      news: (signal) => this.news(origin, signal),
      since: (after, upTo) => this.since(after, Number(upTo)),
    });
  }

  private async *news(origin: number, signal: AbortSignal): AsyncGenerator<Told> {
    signal.addEventListener('abort', () => this.wake());
    let seen = origin;
    try {
      while (!signal.aborted) {
        await this.pause('the source reads');
        const { words } = this;
        if (seen < words) yield { cursor: String(words), from: seen, to: words };
        seen = words;
        if (seen < this.words) continue;
        if (this.failure) throw this.failure;
        if (this.isOver) return;
        if (!signal.aborted) await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      this.isReleased = true;
    }
  }

  private async *since(after: string | null, upTo: number): AsyncGenerator<Told, string, void> {
    await this.pause('somebody reads what it has missed');
    if (after === null) {
      yield { cursor: String(upTo), from: 0, to: upTo };
      return String(upTo);
    }
    for (let seen = Number(after); seen < upTo; seen += 1)
      yield { cursor: String(seen + 1), from: seen, to: seen + 1 };
    return String(Math.max(Number(after), upTo));
  }
}

/** A client that may be slow, and remembers what it was told. */
class Listener {
  readonly told: (Told | string)[] = [];
  private isSlow = false;
  private quicken = () => {};
  readonly member: SubscriptionMember<Told>;
  readonly isDone: Promise<unknown>;

  constructor(
    group: SubscriptionGroup<Told>,
    readonly after: number | null,
    render: (event: Told) => Promise<string>,
  ) {
    this.member = group.join({
      after: after === null ? null : String(after),
      render,
      outlet: {
        send: (payload) => this.told.push(JSON.parse(payload) as Told | string),
        isFull: () => this.isSlow,
        hasRoom: () => (this.isSlow ? new Promise((resolve) => (this.quicken = resolve)) : Promise.resolve()),
      },
    });
    this.isDone = this.member.next();
  }

  becomeSlow = () => void (this.isSlow = true);
  becomeQuick(): void {
    this.isSlow = false;
    this.quicken();
  }

  /** Every word once and in order, up to here; null where one is missing or doubled. */
  heardUpTo(): number | null {
    let at = this.after;
    for (const event of this.told) {
      if (typeof event === 'string') continue;
      if (at === null ? event.from !== 0 : event.from !== at) return null;
      at = event.to;
    }
    return at;
  }
}

function newGroup(story: Story, pause: Pause, isAway = () => false) {
  let executions = 0;
  const render = async (event: Told) => {
    await pause('an event is executed');
    if (isAway()) throw unavailable('The database');
    return JSON.stringify(event);
  };
  const group = new SubscriptionGroup<Told>({
    feed: story.feed(),
    render: (event) => {
      executions += 1;
      return render(event);
    },
    renderFailure: (error) => JSON.stringify(String(error)),
    onOver: () => undefined,
  });
  return {
    group,
    join: (after: number | null = null) => new Listener(group, after, render),
    executions: () => executions,
  };
}

const COMMANDS = ['write', 'write more', 'join', 'join ahead', 'leave', 'slow', 'quick'] as const;
const command = fc.record({
  what: fc.oneof(fc.constantFrom(...COMMANDS), fc.constant('pass' as const)),
  who: fc.nat(5),
});

test('whoever joins, leaves or is slow: each hears everything once, from where it began to the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(command, { maxLength: 40, size: 'max' }),
      fc.boolean(),
      async (scheduler, commands, fails) => {
        const pause: Pause = (what) => scheduler.schedule(Promise.resolve(), what);
        const story = new Story(pause);
        story.write(2);
        const { group, join } = newGroup(story, pause);
        const all = [join()];
        const gone = new Set<Listener>();
        for (const { what, who } of commands) {
          const listener = all[who % all.length];
          if (!listener) continue;
          if (what === 'write') story.write(1);
          if (what === 'write more') story.write(3);
          if (what === 'join' && !group.isOver) all.push(join());
          if (what === 'join ahead' && !group.isOver) all.push(join(story.words));
          if (what === 'slow') listener.becomeSlow();
          if (what === 'quick') listener.becomeQuick();
          if (what === 'leave' && gone.size + 1 < all.length) {
            await listener.member.return();
            gone.add(listener);
          }
          for (let step = 0; what === 'pass' && step < 2 * who && scheduler.count() > 0; step += 1)
            await scheduler.waitOne();
        }
        for (const listener of all) listener.becomeQuick();
        story.end(fails ? new Error('torn') : null);
        await scheduler.waitFor(Promise.all(all.map(({ isDone }) => isDone)));
        for (const listener of all) {
          if (gone.has(listener)) {
            if (listener.told.length > 0) expect(listener.heardUpTo()).not.toBeNull();
            continue;
          }
          expect(listener.heardUpTo()).toBe(story.words);
          expect(listener.told.filter((event) => typeof event === 'string')).toEqual(
            fails ? ['Error: torn'] : [],
          );
        }
        expect(group.isOver).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

/** Lets everything happen that needs no timer. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const noPause: Pause = () => Promise.resolve();

test('an event is executed once, however many are told', async () => {
  const story = new Story(noPause);
  const { join, executions } = newGroup(story, noPause);
  const all = Array.from({ length: 50 }, () => join());
  await settle();
  story.write(1);
  await settle();
  for (const { told } of all) expect(told).toHaveLength(2);
  expect(executions()).toBe(1);
});

test('who is slow holds up nobody, keeps nothing waiting, and finds what it has missed', async () => {
  const story = new Story(noPause);
  const { join } = newGroup(story, noPause);
  const [slow, quick] = [join(), join()];
  await settle();
  slow.becomeSlow();
  for (let written = 0; written < 10; written += 1) {
    story.write(1);
    await settle();
  }
  expect(quick.told).toHaveLength(11);
  expect(slow.told).toHaveLength(1);
  slow.becomeQuick();
  await settle();
  expect(slow.heardUpTo()).toBe(10);
  story.write(1);
  await settle();
  expect([slow.heardUpTo(), quick.heardUpTo()]).toEqual([11, 11]);
});

test('while all are slow nothing is read; then what was missed comes as one', async () => {
  const story = new Story(noPause);
  const { join, executions } = newGroup(story, noPause);
  const only = join();
  await settle();
  only.becomeSlow();
  for (let written = 0; written < 10; written += 1) {
    story.write(1);
    await settle();
  }
  expect(executions()).toBe(1); // the one that nobody took any more
  only.becomeQuick();
  await settle();
  expect(only.heardUpTo()).toBe(10);
});

test('the source ends with the last member, not before', async () => {
  const story = new Story(noPause);
  const { group, join } = newGroup(story, noPause);
  const [first, last] = [join(), join()];
  await settle();
  await first.member.return();
  await settle();
  expect([group.isOver, story.isReleased]).toEqual([false, false]);
  story.write(1);
  await settle();
  expect([first.heardUpTo(), last.heardUpTo()]).toEqual([0, 1]);
  await last.member.return();
  await settle();
  expect([group.isOver, story.isReleased]).toEqual([true, true]);
});

test('who cannot be told how it stands ends alone, and hears why', async () => {
  const story = new Story(noPause);
  const { group, join } = newGroup(story, noPause);
  const well = join();
  await settle();
  jest.spyOn(group, 'since').mockImplementationOnce(() => {
    throw new Error('no such cursor');
  });
  const unlucky = join(7);
  await unlucky.isDone;
  expect(unlucky.told).toEqual(['Error: no such cursor']);
  story.write(1);
  await settle();
  expect(well.heardUpTo()).toBe(1);
});

/** Time passes, and with it every pause between two tries. */
const tryAgain = () => jest.advanceTimersByTimeAsync(60_000);

describe('while the database is away', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  test('an event that cannot be executed whole is told later, to all and once', async () => {
    const story = new Story(noPause);
    const outage = { lasts: false };
    const { join } = newGroup(story, noPause, () => outage.lasts);
    const all = [join(), join()];
    await settle();
    outage.lasts = true;
    story.write(1);
    await tryAgain();
    expect(all.map(({ told }) => told.length)).toEqual([1, 1]);
    story.write(1);
    outage.lasts = false;
    await tryAgain();
    expect(all.map((listener) => listener.heardUpTo())).toEqual([2, 2]);
  });

  test('who is behind stays, and is told what it has missed once that can be read', async () => {
    const story = new Story(noPause);
    const { group, join } = newGroup(story, noPause);
    const [slow, quick] = [join(), join()];
    await settle();
    slow.becomeSlow();
    story.write(1);
    await settle();
    const since = jest.spyOn(group, 'since').mockImplementation(() => {
      throw unavailable('The database');
    });
    slow.becomeQuick();
    await tryAgain();
    expect([slow.heardUpTo(), quick.heardUpTo()]).toEqual([0, 1]);
    since.mockRestore();
    await tryAgain();
    story.write(1);
    await settle();
    expect([slow.heardUpTo(), quick.heardUpTo()]).toEqual([2, 2]);
  });

  test('who begins is told at once', async () => {
    const story = new Story(noPause);
    const { group, join } = newGroup(story, noPause);
    jest.spyOn(group, 'since').mockImplementation(() => {
      throw unavailable('The database');
    });
    const begins = join();
    await begins.isDone;
    expect(begins.told).toEqual([expect.stringContaining('The database cannot be reached')]);
  });

  test('the last one may leave meanwhile', async () => {
    const story = new Story(noPause);
    const outage = { lasts: false };
    const { group, join, executions } = newGroup(story, noPause, () => outage.lasts);
    const last = join();
    await settle();
    outage.lasts = true;
    story.write(1);
    await settle();
    await last.member.return();
    const before = executions();
    await tryAgain();
    expect([group.isOver, story.isReleased, executions()]).toEqual([true, true, before]);
  });
});
