import { CircuitBreaker } from '../../kernel/circuit-breaker';
import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import type { Tensor } from '../../kernel/tensors/tensor';
import { decodeTensors, encodeTensors } from './cache-codec';
import { valueBytes, type RememberedAnswer } from './cache-memory';

/** A store that other processes share: Redis, or another one that Keyv reaches. */
export interface SharedStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  close(): unknown;
  /** Largest value that it takes, in bytes; absent: any. */
  readonly maxBytes?: number;
  /** It did not answer: whether something is to be done about that is its own decision. Must not throw. */
  renew?(): unknown;
}

/** Longest that a prediction waits for the store: 50 ms less what a timer may be late, in ms. */
const WAIT_LIMIT_MS = 40;
/** Largest answer that is shared, in bytes: what a network of 1 Gbit/s brings within the wait. */
const MAX_SHARED_BYTES = 4 * 1024 ** 2;
/** Answers on their way to the store, in bytes: what a store that hangs may keep of our memory. */
const MAX_WRITING_BYTES = 16 * 1024 ** 2;
/** A write that takes longer is not waited for any more, in ms: some clients lose one without a word. */
const WRITE_LIMIT_MS = 10_000;
/** Longest that the store may take to say goodbye, in ms. */
const CLOSE_LIMIT_MS = 1_000;
/**
 * Longest that the first look-up may take, in ms: more than twice what the slowest client takes to load itself and to
 * connect (Firestore's, 1.25 s). The server's start waits for it, and a store that hangs must not hold it up for long.
 */
const FIRST_LIMIT_MS = 3_000;
/** What the first look-up asks for. Nobody has ever put it. */
const FIRST_KEY = 'first-look-up';
/**
 * How long a store must not have answered before people are told, in ms. On a machine that is short of time single
 * look-ups come too late many times a minute: those are for the numbers, not for the log.
 */
const TOLD_AFTER_MS = 3_000;
/** Pause between two look-ups of our own while the store does not answer, in ms: callers may ask once an hour. */
const LOOK_EVERY_MS = 1_000;

/** How the store does, for Prometheus. */
export interface SharedAnswersState {
  /** The last look-up was answered; false until the first one is. */
  readonly isUp: boolean;
  /** Look-ups that were not answered in time. */
  readonly failures: number;
}

/**
 * The answers that processes share. A store that is away costs a miss: the first to find out waits `WAIT_LIMIT_MS`, and
 * for a second nobody asks it; then one tries again.
 */
export class SharedAnswers {
  private readonly breaker = new CircuitBreaker();
  private readonly looking = new Periodic(() => this.lookAgain(), LOOK_EVERY_MS);
  private starting: Promise<void> | undefined;
  private isStarting = false;
  private isFailing = false;
  private isUp = false;
  private isTold = false;
  private failures = 0;
  /** When it was first not answered, on performance.now()'s clock; null where it answers. */
  private silentSinceMs: number | null = null;
  private writingBytes = 0;

  constructor(
    private readonly store: SharedStore,
    private readonly logger: Logger,
  ) {}

  /**
   * Looks something up once, before callers do: the clients of some stores load themselves at their first call, and
   * this process does nothing else meanwhile. Until that is over nothing is asked and nothing is put. Resolves then,
   * with the store or without it, or when it has taken too long. Idempotent.
   */
  start(): Promise<void> {
    return (this.starting ??= this.lookUpFirst());
  }

  /** Undefined where there is none that can be read in time. Never throws. */
  get(key: string, patienceMs: number): Promise<RememberedAnswer | undefined> | undefined {
    if (this.isStarting || this.breaker.isOpen()) return undefined;
    const answer = this.lookUp(key);
    return patienceMs < WAIT_LIMIT_MS ? orNothing(answer, patienceMs) : answer;
  }

  /** Returns at once; an answer that does not arrive is computed again. */
  put(key: string, outputs: readonly Tensor[], storedAtMs: number, ttlMs: number): void {
    const sizeBytes = outputs.reduce((sum, { data }) => sum + valueBytes(data), 0);
    const isTooMuch = sizeBytes > MAX_SHARED_BYTES || this.writingBytes + sizeBytes > MAX_WRITING_BYTES;
    if (this.isStarting || this.isFailing || isTooMuch) return;
    const value = encodeTensors(key, storedAtMs, outputs).toString('base64');
    if (value.length > (this.store.maxBytes ?? Infinity)) return;
    this.writingBytes += sizeBytes;
    // A store may refuse one value, for its size: whether it is away is found out by reading.
    void orNothing(this.store.set(key, value, ttlMs), WRITE_LIMIT_MS).then(
      () => (this.writingBytes -= sizeBytes),
    );
  }

  state(): SharedAnswersState {
    return { isUp: this.isUp, failures: this.failures };
  }

  async stop(): Promise<void> {
    await this.looking.stop();
    const closing = Promise.resolve().then(() => this.store.close());
    await orNothing(closing, CLOSE_LIMIT_MS);
  }

  /** That it fails says nothing yet: a client that was made just now may not be connected. */
  private async lookUpFirst(): Promise<void> {
    this.isStarting = true;
    this.silentSinceMs = performance.now();
    const answered = Promise.resolve()
      .then(() => this.store.get(FIRST_KEY))
      .then(() => this.succeeded());
    await orNothing(answered, FIRST_LIMIT_MS);
    this.isStarting = false;
    this.looking.start();
  }

  /** So that an outage is told, and its end is seen, where no caller asks. */
  private async lookAgain(): Promise<void> {
    if (!this.isUp && !this.breaker.isOpen()) await this.lookUp(FIRST_KEY);
  }

  private async lookUp(key: string): Promise<RememberedAnswer | undefined> {
    try {
      const value = await withinLimit(this.store.get(key));
      this.succeeded();
      return typeof value === 'string' ? answerIn(key, value) : undefined;
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  private succeeded(): void {
    this.breaker.succeeded();
    this.isUp = true;
    this.isFailing = false;
    this.silentSinceMs = null;
    if (!this.isTold) return;
    this.isTold = false;
    this.logger.info('the shared prediction cache answers again');
  }

  private failed(error: unknown): void {
    this.breaker.failed();
    this.store.renew?.();
    this.isUp = false;
    this.isFailing = true;
    this.failures += 1;
    this.silentSinceMs ??= performance.now();
    if (this.isTold || performance.now() - this.silentSinceMs < TOLD_AFTER_MS) return;
    this.isTold = true;
    this.logger.warn(
      { problem: problemOf(error) },
      'the shared prediction cache does not answer; predictions go on without it. Check REDIS_URL, or CACHE_URL',
    );
  }
}

/** Without its stack, which shows nothing but us; a failure at several addresses has no words but its code. */
function problemOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || (code ?? String(error));
}

function answerIn(key: string, value: string): RememberedAnswer | undefined {
  const decoded = decodeTensors(key, Buffer.from(value, 'base64'));
  return decoded && typeof decoded.about === 'number'
    ? { storedAtMs: decoded.about, outputs: decoded.tensors }
    : undefined;
}

function withinLimit<Value>(work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new Error(`There was no answer within ${WAIT_LIMIT_MS} ms.`));
    // Where it was this process that had no time, the answer is there already, and is read before the verdict.
    const timer = setTimeout(() => setImmediate(tooLate), WAIT_LIMIT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Undefined where it takes longer, or fails. */
function orNothing<Value>(work: Promise<Value>, limitMs: number): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), limitMs);
    const nothing = () => resolve(undefined);
    work.then(resolve, nothing).finally(() => clearTimeout(timer));
  });
}
