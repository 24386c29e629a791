import type { ServerAccess } from './access';
import { delayMs, MAX_DELAY_MS } from './backoff';
import { reasonOf } from './client-error';
import { callOnce, type CallEnd } from './graphql-call';
import { FINISH_RUN, LOG_METRICS, LOG_PARAMS, type RunResult } from './operations/runs';
import type { Listeners } from './options';
import { pointInput } from './point';
import type { Batch, Spool } from './spool/spool';
import { Waiting } from './waiting';

/**
 * A server knows the key of a request for a day. After this long, in ms, a request of which nobody knows whether it was
 * done is not sent again, since its points could then be there twice.
 */
export const MAX_UNCERTAIN_MS = 20 * 3_600_000;

export interface SenderOptions {
  readonly access: ServerAccess;
  readonly listeners: Listeners;
  readonly requestTimeoutMs: number;
}

/** Sends what is in a spool, in its order, one request at a time, until each has its answer. */
export class Sender {
  private readonly waiting = new Waiting();
  private readonly stopping = new AbortController();
  private failures = 0;
  private isAway = false;
  private isDiskFailing = false;
  /** The code of what keeps everything waiting until a person has changed something; null where nothing does. */
  private deniedBy: string | null = null;
  private loop: Promise<void> | null = null;
  sentPoints = 0;

  constructor(
    private readonly spool: Spool,
    private readonly options: SenderOptions,
  ) {}

  /** To be called when there is something new. */
  wake(): void {
    if (this.stopping.signal.aborted) return;
    this.loop ??= this.run().finally(() => {
      this.loop = null;
      this.waiting.notify();
      if (!this.spool.isEmpty) this.wake(); // it came while the loop was ending
    });
  }

  /**
   * Resolves when all has its answer (true), when the time is over, or as soon as it is clear that waiting is no use,
   * since the server denies us (false).
   */
  async drained(timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    this.wake();
    while (!this.spool.isEmpty) {
      const left = until - performance.now();
      if (left <= 0 || this.deniedBy !== null) return false;
      if (!(await this.waiting.changed(left, true))) return this.spool.isEmpty;
      this.wake();
    }
    return true;
  }

  /** Gives up the request that is under way; it is sent again by whoever goes on with the spool. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.waiting.notify();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const pauseMs = await this.step();
      if (pauseMs === null) return;
      this.waiting.notify();
      if (pauseMs > 0) await this.waiting.pause(pauseMs, this.stopping.signal);
    }
  }

  /** One request; null where there is none to send. A disk that fails is waited for like a server that does. */
  private async step(): Promise<number | null> {
    try {
      const batch = await this.spool.next();
      const pauseMs = batch && (await this.send(batch));
      this.isDiskFailing = false;
      return pauseMs;
    } catch (error) {
      const message = `The spool ${this.spool.folder} cannot be used just now: ${reasonOf(error)}`;
      if (!this.isDiskFailing) this.options.listeners.warn('SPOOL_UNWRITABLE', message);
      this.isDiskFailing = true;
      this.failures += 1;
      return delayMs(this.failures, null, Math.random());
    }
  }

  /** Gives how long to wait before the next request, in ms. */
  private async send(batch: Batch): Promise<number> {
    if (Date.now() - batch.attempt.at > MAX_UNCERTAIN_MS) return this.putAsideUncertain(batch);
    const isFirstTry = await this.spool.begin(batch);
    const end = await this.request(batch);
    switch (end.kind) {
      case 'answered':
        return this.settle(batch, end.data.result, isFirstTry);
      case 'refused':
        this.isBack();
        this.putAside(batch, end.code, end.message);
        return 0;
      case 'denied':
        if (isFirstTry && end.isCertainlyNotDone) this.spool.cancel();
        return this.deny(end.code, end.message);
      case 'later': {
        if (isFirstTry && end.isCertainlyNotDone) this.spool.cancel();
        this.failures += 1;
        this.tellAway(end.message);
        return delayMs(this.failures, end.retryAfterMs, Math.random());
      }
    }
  }

  private settle(batch: Batch, result: RunResult, isFirstTry: boolean): number {
    if (!('run' in result) && result.code === 'NOT_FOUND') {
      if (isFirstTry) this.spool.cancel();
      return this.deny(result.code, result.message);
    }
    this.isBack();
    if ('run' in result || isFinishedAsAsked(batch, result)) this.complete(batch);
    else this.putAside(batch, result.code, result.message);
    return 0;
  }

  private request({ content, key }: Batch): Promise<CallEnd<{ readonly result: RunResult }>> {
    const { access, requestTimeoutMs: timeoutMs } = this.options;
    const { runId } = this.spool.facts;
    const how = { timeoutMs, signal: this.stopping.signal };
    if ('finish' in content) {
      return callOnce(access, FINISH_RUN, { input: { runId, status: content.finish } }, how);
    }
    if ('params' in content) {
      return callOnce(access, LOG_PARAMS, { input: { runId, params: content.params } }, how);
    }
    const points = content.points.map(pointInput);
    return callOnce(access, LOG_METRICS, { input: { runId, points, idempotencyKey: key } }, how);
  }

  private complete(batch: Batch): void {
    this.spool.complete(batch);
    if ('points' in batch.content) this.sentPoints += batch.content.points.length;
  }

  private putAside(batch: Batch, code: string, message: string): void {
    const keptIn = this.spool.putAside(batch, code, message);
    this.options.listeners.refuse(code, message, keptIn);
  }

  private putAsideUncertain(batch: Batch): number {
    const hours = Math.round((Date.now() - batch.attempt.at) / 3_600_000);
    const message = `A request was sent ${hours} hours ago, and nobody knows whether it arrived: it is not sent again.`;
    this.spool.putAside(batch, 'UNCERTAIN', message);
    this.options.listeners.warn('SPOOL_UNCERTAIN', message);
    return 0;
  }

  /** All that waits keeps waiting: another key, or the right server, may still take it. */
  private deny(code: string, message: string): number {
    if (this.deniedBy !== code)
      this.options.listeners.refuse(code, `${message} What was logged waits.`, null);
    this.deniedBy = code;
    return MAX_DELAY_MS;
  }

  private tellAway(message: string): void {
    if (this.isAway) return;
    this.isAway = true;
    this.options.listeners.warn('SERVER_AWAY', `${message} What is logged is kept in ${this.spool.folder}.`);
  }

  private isBack(): void {
    this.failures = 0;
    this.deniedBy = null;
    if (!this.isAway) return;
    this.isAway = false;
    this.options.listeners.warn('SERVER_BACK', 'The server answers again: what was kept is being sent.');
  }
}

/** The answer to the first of two equal requests was lost: the run has ended as it should. */
const isFinishedAsAsked = ({ content }: Batch, refused: Extract<RunResult, { code: string }>): boolean =>
  'finish' in content && refused.code === 'RUN_NOT_ACTIVE' && refused.status === content.finish;
