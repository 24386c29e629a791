import { cancelled, tooLate, WorkerUnavailable } from '../execution/worker-unavailable';

/** Who wants the answer, and for how long. */
export interface Waiting {
  /** On performance.now()'s clock, in ms. */
  readonly deadlineAt: number;
  /** Aborted where the caller has left. */
  readonly signal?: AbortSignal | undefined;
}

export interface Landed<Answer> {
  readonly answer: Answer;
  /** Whether somebody else's computation gave it. */
  readonly followed: boolean;
}

/** Callers who wait for one answer; whoever comes beyond asks for itself, and the batcher's bounds hold for it. */
const MAX_FOLLOWERS = 10_000;

/** Equal questions at the same time are computed once: the first to ask leads, the others wait for its answer. */
export class Flights<Answer> {
  /** Those who wait, by what they asked; the one who leads is not among them. */
  private readonly followers = new Map<string, Set<Follower<Answer>>>();

  /**
   * @param lead gets the answer for this caller, by its own deadline, and gives up as it leaves
   * @throws what `lead` throws, of this caller or the one that it followed; WorkerUnavailable where this caller's
   *   deadline passes, or it leaves, while it follows
   */
  async join(key: string, caller: Waiting, lead: () => Promise<Answer>): Promise<Landed<Answer>> {
    const followers = this.followers.get(key);
    if (!followers) {
      this.followers.set(key, new Set());
      return { answer: await this.lead(key, lead), followed: false };
    }
    if (caller.signal?.aborted) throw cancelled();
    if (followers.size >= MAX_FOLLOWERS) return { answer: await lead(), followed: false };
    const follower = new Follower(caller, lead, () => followers.delete(follower));
    followers.add(follower);
    return follower.landing;
  }

  private async lead(key: string, lead: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await lead();
      for (const follower of this.land(key)) follower.succeed({ answer, followed: true });
      return answer;
    } catch (error) {
      if (isOnlyTheLeaders(error)) this.nextLeads(key);
      else for (const follower of this.land(key)) follower.fail(error);
      throw error;
    }
  }

  private land(key: string): Iterable<Follower<Answer>> {
    const followers = this.followers.get(key) ?? [];
    this.followers.delete(key);
    return followers;
  }

  /** A leader whose own time was over, or that left, says nothing about the answer: who has waited longest goes on. */
  private nextLeads(key: string): void {
    const [next] = this.followers.get(key) ?? [];
    if (!next) {
      this.followers.delete(key);
      return;
    }
    next.stopWaiting();
    this.lead(key, next.lead).then(
      (answer) => next.succeed({ answer, followed: false }),
      (error: unknown) => next.fail(error),
    );
  }
}

const isOnlyTheLeaders = (error: unknown): boolean =>
  error instanceof WorkerUnavailable && (error.reason === 'deadline' || error.reason === 'cancelled');

class Follower<Answer> {
  readonly landing: Promise<Landed<Answer>>;
  private resolve: (landed: Landed<Answer>) => void;
  private reject: (error: unknown) => void;
  private readonly timer: NodeJS.Timeout;
  private readonly onLeft = () => this.fail(cancelled());

  constructor(
    private readonly caller: Waiting,
    readonly lead: () => Promise<Answer>,
    private readonly leave: () => void,
  ) {
    this.landing = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timer = setTimeout(() => this.fail(tooLate()), Math.max(0, caller.deadlineAt - performance.now()));
    caller.signal?.addEventListener('abort', this.onLeft);
  }

  succeed(landed: Landed<Answer>): void {
    this.stopWaiting();
    this.resolve(landed);
  }

  fail(error: unknown): void {
    this.stopWaiting();
    this.reject(error);
  }

  /** From now on somebody else sees to its deadline, or it has its answer. */
  stopWaiting(): void {
    clearTimeout(this.timer);
    this.caller.signal?.removeEventListener('abort', this.onLeft);
    this.leave();
  }
}
