import { stayAwake } from '../../kernel/stay-awake';
import { Arrivals } from './arrivals';
import type { Backend } from '../execution/backend';
import { BatchAlarm } from './batch-alarm';
import { answerAll } from './batch-answers';
import { bytesOf, rowsOf } from './batch-check';
import { BatchCounts } from './batch-counts';
import { type BatchGroup, type ModelQueue, PendingRequest } from './batch-group';
import { lookAgainAt, paddedSize, planBatch, isShort, readiness, type CloseReason } from './batch-policy';
import { BatchQueue } from './batch-queue';
import type { BatchAnswer, BatchRequest } from './batch-request';
import { BATCHER_DEFAULTS, type BatcherOptions } from './batcher-options';
import { InvalidInput } from '../execution/invalid-input';
import { Overloaded } from '../execution/overloaded';
import { gatherRows, padRows, RowsDoNotMatch } from '../values/rows';
import { RunningBatch } from './running-batch';
import { cancelled, tooLate, WorkerUnavailable } from '../execution/worker-unavailable';

/** The way to a worker and back, in ms: longer than it takes unless something else goes on. */
const WAY_MS = 0.3;
/** Shortest wait that is suggested to a refused caller, in ms. */
const MIN_RETRY_AFTER_MS = 10;

export interface BatcherStats extends Pick<BatchCounts, 'batches' | 'rows' | 'closed'> {
  readonly queuedRows: number;
  readonly queuedBytes: number;
}

/**
 * Lets callers of the same model share runs. A batch goes off as soon as a worker is idle, with what waits
 * then; so a lonely request waits for nobody, and batches grow with the load.
 */
export class Batcher {
  private readonly options: BatcherOptions;
  private readonly queue: BatchQueue;
  /** A few, so an array: a Set that changes all the time leaves old tables behind, which keep what they held. */
  private readonly running: RunningBatch[] = [];
  private readonly counts = new BatchCounts();
  private readonly alarm = new BatchAlarm((now) => this.wake(now));
  private readonly arrivals: Arrivals;
  private stopped = false;

  constructor(
    private readonly backend: Backend,
    options: Partial<BatcherOptions> = {},
  ) {
    this.options = { ...BATCHER_DEFAULTS, ...options };
    this.arrivals = new Arrivals(this.options.nextTurn, () => this.pump());
    this.queue = new BatchQueue(this.options, (file) => backend.lane(file));
    backend.onIdle(() => this.pump());
  }

  /**
   * @throws InvalidInput where the request is too large or the runtime refuses its values, Overloaded where the queue
   *   is full, WorkerUnavailable where nobody answers by the deadline or before the caller leaves
   */
  submit(request: BatchRequest): Promise<BatchAnswer> {
    const now = performance.now();
    const bytes = bytesOf(request.inputs);
    const rows = rowsOf(request, bytes);
    const pending = new PendingRequest(request, typeof rows === 'number' ? rows : 0, bytes, now);
    const model = this.queue.model(request.file);
    if (this.stopped) pending.reject(stopping());
    else if (request.signal?.aborted) pending.reject(cancelled());
    else if (typeof rows !== 'number') pending.reject(rows);
    else if (request.deadlineAt <= now) pending.reject(tooLate());
    else if (!this.queue.hasRoom(model, pending)) pending.reject(this.overloaded(model, pending));
    else this.accept(pending, now);
    return pending.answer;
  }

  /** Refuses what waits and all that comes; batches on their way are still answered. */
  stop(): void {
    this.stopped = true;
    for (const group of [...this.queue.groups()])
      for (const pending of this.queue.take(group, group.waiting.length)) pending.reject(stopping());
    if (this.running.length === 0) this.alarm.clear();
  }

  stats(): BatcherStats {
    let queuedRows = 0;
    for (const group of this.queue.groups()) queuedRows += group.rows;
    const { batches, rows, closed } = this.counts;
    return { queuedRows, queuedBytes: this.queue.queuedBytes, batches, rows, closed: { ...closed } };
  }

  /** Requests that wait, by the SHA-256 of their model. */
  waiting(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { waiting } of this.queue.groups()) {
      const sha256 = waiting[0]?.request.file.sha256;
      if (sha256 !== undefined) counts.set(sha256, (counts.get(sha256) ?? 0) + waiting.length);
    }
    return counts;
  }

  private accept(pending: PendingRequest, now: number): void {
    const group = this.queue.add(pending, { front: false });
    if (pending.request.signal) pending.onCallerGone(() => this.cancel(pending));
    this.alarm.wakeBy(lookAgainAt(group, group.policy, now), now);
    this.arrivals.add();
  }

  /** Nothing is left of a request that waits; one that runs has an answer that nobody hears. */
  private cancel(pending: PendingRequest): void {
    this.queue.remove(pending);
    pending.reject(cancelled());
    for (const batch of this.running) batch.stopIfDeserted();
  }

  /** Gives lanes with room what waits for them, the group that has waited for its turn the longest first. */
  private pump(): void {
    while (!this.queue.isEmpty()) {
      const now = performance.now();
      if (!this.dispatchNext(now)) return;
    }
  }

  private dispatchNext(now: number): boolean {
    for (const group of this.queue.groups()) {
      if (group.model.place.lane.idleCount(group.model.sha256) === 0) continue;
      if (group.model.triesSuspect && group.waiting[0]?.suspect) continue;
      // A busy event loop may be late for a timer: nobody is run whose deadline is over.
      this.refuseOverdue(group, now);
      const cap = group.model.cost.largestBatch(group.policy);
      const reason = readiness(group, group.policy, cap, now);
      if (reason === undefined) continue;
      this.dispatch(group, reason, cap, now);
      return true;
    }
    return false;
  }

  private dispatch(group: BatchGroup, ready: CloseReason, cap: number, now: number): void {
    const plan = planBatch(group.waiting, group.policy.maxBatch, cap);
    const { requests, rows } = stillWanted(this.queue.take(group, plan.count), plan.rows);
    if (requests.length === 0) return;
    for (const pending of requests) pending.dispatchedAt = now;
    const closed = plan.bound ?? ready;
    this.counts.add(rows, closed);
    const stop = group.model.place.lane.canStop ? new AbortController() : undefined;
    void this.run(group, new RunningBatch(requests, rows, closed, stop));
  }

  private async run({ model, policy }: BatchGroup, batch: RunningBatch): Promise<void> {
    const { requests, rows, signal } = batch;
    const [first] = requests;
    if (first === undefined) return;
    const { file, outputs, sequence } = first.request;
    this.running.push(batch);
    model.running++;
    const isSuspect = first.suspect; // before it may become one
    const limits = { timeoutMs: this.options.runLimitMs, outputs, signal };
    const options = { ...limits, sequence, shared: requests.length > 1, suspect: isSuspect };
    if (isSuspect) model.triesSuspect = true;
    try {
      const size = paddedSize(rows, requests, policy);
      const inputs = padRows(gatherRows(requests.map(({ request }) => request.inputs)), size - rows);
      const running = this.backend.run(file, inputs, options);
      if (requests.length === 1) this.stayAwakeFor(batch, model.cost.predictMs(size));
      const result = await running;
      model.cost.observe(size, result.computeMs);
      answerAll(batch, result, size - rows);
    } catch (error) {
      if (requests.length > 1 && isOneCallersDoing(error) && !this.stopped)
        this.runEachAlone(requests, { suspect: hasEndedWorker(error) });
      else batch.rejectAll(error);
    } finally {
      model.running--;
      if (isSuspect) model.triesSuspect = false;
      this.running.splice(this.running.indexOf(batch), 1);
      if (this.stopped && this.running.length === 0) this.alarm.clear();
      this.pump(); // some may have waited for this run, though a worker was free
    }
  }

  /** A lonely caller's short run is over before this process would be asleep: others pay for their waking together. */
  private stayAwakeFor(batch: RunningBatch, expectedMs: number): void {
    if (this.options.mayStayAwake && isShort(expectedMs))
      stayAwake(() => !this.running.includes(batch), expectedMs + WAY_MS);
  }

  /** One caller's values may have spoiled the batch of all: whoever is not to blame gets an answer. */
  private runEachAlone(requests: readonly PendingRequest[], { suspect }: { suspect: boolean }): void {
    for (const pending of [...requests].reverse()) {
      if (pending.settled) continue;
      pending.alone = true;
      pending.suspect = suspect;
      this.queue.add(pending, { front: true });
    }
    this.pump();
  }

  /** Tells those whose deadline is over, waiting or running, and says when to look again. */
  private wake(now: number): void {
    for (const group of this.queue.groups()) this.refuseOverdue(group, now);
    for (const batch of this.running) batch.rejectOverdue(now, tooLate);
    this.pump();
    let nextAt = Infinity;
    for (const group of this.queue.groups()) nextAt = Math.min(nextAt, lookAgainAt(group, group.policy, now));
    for (const { dueAt } of this.running) nextAt = Math.min(nextAt, dueAt);
    this.alarm.wakeBy(nextAt, now);
  }

  private refuseOverdue(group: BatchGroup, now: number): void {
    for (const pending of this.queue.takeOverdue(group, now)) pending.reject(tooLate());
  }

  private overloaded(model: ModelQueue, { alone, rows, request }: PendingRequest): Overloaded {
    const batchRows = Math.max(1, alone ? rows : model.cost.largestBatch(request.policy ?? this.options));
    const atATime = Math.max(1, model.running); // whoever runs it, and however many others share them
    const aheadMs = (Math.ceil(model.queuedRows / batchRows) * model.cost.predictMs(batchRows)) / atATime;
    return new Overloaded(
      `Rows that wait for this model: ${model.queuedRows}; bytes that wait where it runs: ${model.place.queuedBytes}.`,
      Math.max(MIN_RETRY_AFTER_MS, Math.ceil(aheadMs)),
    );
  }
}

/** Without those whose callers have left: nobody would hear the answer. */
function stillWanted(
  taken: readonly PendingRequest[],
  rows: number,
): { readonly requests: readonly PendingRequest[]; readonly rows: number } {
  const isGone = ({ request }: PendingRequest) => request.isAbandoned?.() === true;
  if (!taken.some(isGone)) return { requests: taken, rows };
  for (const pending of taken) if (isGone(pending)) pending.reject(cancelled());
  const requests = taken.filter(({ settled }) => !settled);
  return { requests, rows: requests.reduce((sum, pending) => sum + pending.rows, 0) };
}

/**
 * The run has ended a worker, and would end the next one. A worker that was killed for its time says so by `timeout`.
 */
const hasEndedWorker = (error: unknown): boolean =>
  error instanceof WorkerUnavailable && error.reason === 'crashed';

/** Whether others of the batch may be answered where the one to blame is not among them. */
const isOneCallersDoing = (error: unknown): boolean =>
  error instanceof InvalidInput || error instanceof RowsDoNotMatch || hasEndedWorker(error);

function stopping(): WorkerUnavailable {
  return new WorkerUnavailable('stopped', 'The server is stopping.');
}
