import type { Backend } from './backends/backend';
import { answerAll, bytesOf, rowsOf } from './batch-answers';
import type { BatchGroup, ModelQueue } from './batch-group';
import { CLOSE_REASONS, planBatch, type CloseReason } from './batch-policy';
import { BatchQueue } from './batch-queue';
import { PendingRequest, type BatchAnswer, type BatchRequest } from './batch-request';
import { BATCHER_DEFAULTS, type BatcherOptions } from './batcher-options';
import { InvalidInput } from './invalid-input';
import { Overloaded } from './overloaded';
import { gatherRows, RowsDoNotMatch } from './rows';
import { WorkerUnavailable } from './worker-unavailable';

/** Shortest wait that is suggested to a refused caller, in ms. */
const MIN_RETRY_AFTER_MS = 10;

/** Longest time that Node's timers can count, in ms; longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface BatcherStats {
  readonly queuedRows: number;
  readonly queuedBytes: number;
  readonly batches: number;
  readonly rows: number;
  /** Batches by why they were closed. */
  readonly closed: Readonly<Record<CloseReason, number>>;
}

/**
 * Lets callers of the same model share runs. A batch goes off as soon as a worker is idle, with what waits
 * then; so a lonely request waits for nobody, and batches grow with the load.
 */
export class Batcher {
  private readonly options: BatcherOptions;
  private readonly queue: BatchQueue;
  private readonly closed = Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Record<
    CloseReason,
    number
  >;
  private batches = 0;
  private rows = 0;
  private stopped = false;
  private willPump = false;

  constructor(
    private readonly backend: Backend,
    options: Partial<BatcherOptions> = {},
  ) {
    this.options = { ...BATCHER_DEFAULTS, ...options };
    this.queue = new BatchQueue(this.options);
    backend.onIdle(() => this.pump());
  }

  /**
   * @throws InvalidInput where the runtime refuses this caller's values, Overloaded where the queue is full,
   *   WorkerUnavailable where nobody answers in time, the signal's reason where it was aborted
   */
  submit(request: BatchRequest): Promise<BatchAnswer> {
    const now = performance.now();
    const rows = rowsOf(request);
    const pending = new PendingRequest(
      request,
      typeof rows === 'number' ? rows : 0,
      bytesOf(request.inputs),
      now,
    );
    const model = this.queue.model(request.file.sha256);
    if (this.stopped) pending.reject(stopping());
    else if (request.signal?.aborted) pending.reject(request.signal.reason);
    else if (typeof rows === 'string') pending.reject(new InvalidInput(rows));
    else if (request.deadlineAt <= now) pending.reject(expired());
    else if (!this.queue.hasRoom(model, pending)) pending.reject(this.overloaded(model));
    else this.accept(pending, now);
    return pending.answer;
  }

  /** Refuses what waits and all that comes; batches on their way are still answered. */
  stop(): void {
    this.stopped = true;
    for (const group of [...this.queue.groups()])
      for (const pending of [...group.waiting]) this.refuse(group, pending, stopping());
  }

  stats(): BatcherStats {
    let queuedRows = 0;
    for (const group of this.queue.groups()) queuedRows += group.rows;
    const { batches, rows, closed } = this;
    return { queuedRows, queuedBytes: this.queue.queuedBytes, batches, rows, closed: { ...closed } };
  }

  private accept(pending: PendingRequest, now: number): void {
    const group = this.queue.add(pending, { front: false });
    pending.watchSignal(() => this.queue.remove(group, pending));
    this.arm(group, pending, now);
    this.pumpSoon();
  }

  /**
   * Once for all requests that the event loop brings in one turn: dispatched one by one, each would travel alone, since
   * an idle worker takes whatever comes first.
   */
  private pumpSoon(): void {
    if (this.willPump) return;
    this.willPump = true;
    this.options.nextTurn(() => {
      this.willPump = false;
      this.pump();
    });
  }

  private refuse(group: BatchGroup, pending: PendingRequest, error: Error): void {
    this.queue.remove(group, pending);
    pending.reject(error);
  }

  /** Gives idle workers what waits, the group that has waited for its turn the longest first. */
  private pump(): void {
    while (!this.queue.isEmpty() && this.backend.idleCount() > 0) {
      const now = performance.now();
      if (!this.dispatchNext(now)) return;
    }
  }

  private dispatchNext(now: number): boolean {
    for (const group of this.queue.groups()) {
      // A busy event loop may be late for a timer: nobody is run whose deadline is over.
      if (group.timerAt <= now) this.expire(group, now);
      const reason = group.waiting.length > 0 ? this.readiness(group, now) : undefined;
      if (reason === undefined) continue;
      this.dispatch(group, reason, now);
      return true;
    }
    return false;
  }

  /** Why the group may go to an idle worker now; undefined where it had better wait for company. */
  private readiness(group: BatchGroup, now: number): CloseReason | undefined {
    const { delayMs, maxBatch } = this.options;
    const [oldest] = group.waiting;
    if (delayMs === 0 || oldest === undefined || oldest.alone) return 'idle';
    if (group.rows >= this.cap(group)) return group.rows >= maxBatch ? 'full' : 'objective';
    if (now >= oldest.arrivedAt + delayMs) return 'delay';
    return group.earliestDeadline() <= oldest.arrivedAt + delayMs ? 'deadline' : undefined;
  }

  private cap(group: BatchGroup): number {
    const { maxBatch, objectiveMs } = this.options;
    return group.model.cost.largestBatch({ maxBatch, objectiveMs: group.objectiveMs(objectiveMs) });
  }

  private dispatch(group: BatchGroup, ready: CloseReason, now: number): void {
    const plan = planBatch(group.waiting, this.options.maxBatch, this.cap(group));
    const batch = this.queue.take(group, plan.count);
    for (const pending of batch) pending.dispatchedAt = now;
    this.closed[plan.bound ?? ready]++;
    this.batches++;
    this.rows += plan.rows;
    void this.run(group, batch, plan.rows);
  }

  private async run(group: BatchGroup, batch: readonly PendingRequest[], rows: number): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const { file, outputs } = first.request;
    const options = { timeoutMs: this.options.runLimitMs, ...(outputs ? { outputs } : {}) };
    try {
      const inputs = gatherRows(batch.map(({ request }) => request.inputs));
      const result = await this.backend.run(file, inputs, options);
      group.model.cost.observe(rows, result.computeMs);
      answerAll(batch, result, rows);
    } catch (error) {
      const spoiled = error instanceof InvalidInput || error instanceof RowsDoNotMatch;
      if (batch.length > 1 && spoiled && !this.stopped) this.runEachAlone(batch);
      else for (const pending of batch) pending.reject(error);
    }
  }

  /** One caller's values may have spoiled the batch of all: whoever is not to blame gets an answer. */
  private runEachAlone(batch: readonly PendingRequest[]): void {
    const now = performance.now();
    for (const pending of [...batch].reverse()) {
      if (pending.settled) continue;
      pending.alone = true;
      const group = this.queue.add(pending, { front: true });
      pending.watchSignal(() => this.queue.remove(group, pending));
      this.arm(group, pending, now);
    }
    this.pump();
  }

  /** Sets the group's timer no later than the next moment that matters to the request. */
  private arm(group: BatchGroup, { request, arrivedAt }: PendingRequest, now: number): void {
    const delayEndsAt = arrivedAt + this.options.delayMs;
    const wakeAt = delayEndsAt > now ? Math.min(request.deadlineAt, delayEndsAt) : request.deadlineAt;
    if (wakeAt >= group.timerAt) return;
    clearTimeout(group.timer);
    group.timerAt = wakeAt;
    group.timer = setTimeout(() => this.wake(group), Math.min(MAX_TIMER_MS, Math.ceil(wakeAt - now)));
  }

  private wake(group: BatchGroup): void {
    const now = performance.now();
    this.expire(group, now);
    this.pump();
    if (!this.queue.holds(group)) return;
    for (const pending of group.waiting) this.arm(group, pending, now);
  }

  private expire(group: BatchGroup, now: number): void {
    group.timerAt = Infinity;
    for (const pending of group.waiting.filter(({ request }) => request.deadlineAt <= now))
      this.refuse(group, pending, expired());
  }

  private overloaded(model: ModelQueue): Overloaded {
    const batchRows = Math.max(1, model.cost.largestBatch(this.options));
    const workers = Math.max(1, this.backend.status().length);
    const aheadMs = (Math.ceil(model.queuedRows / batchRows) * model.cost.predictMs(batchRows)) / workers;
    return new Overloaded(
      `${model.queuedRows} rows of this model wait already, and ${this.queue.queuedBytes} bytes in all.`,
      Math.max(MIN_RETRY_AFTER_MS, Math.ceil(aheadMs)),
    );
  }
}

function expired(): WorkerUnavailable {
  return new WorkerUnavailable('deadline', 'The deadline passed while the request waited for a worker.');
}

function stopping(): WorkerUnavailable {
  return new WorkerUnavailable('stopped', 'The server is stopping.');
}
