import { BatchGroup, groupKey, type ModelQueue } from './batch-group';
import { earliestDeadline, type PendingRequest } from './batch-request';
import type { BatcherOptions } from './batcher-options';
import { RunCost } from './run-cost';

/** Models whose cost is remembered while nothing of theirs waits. */
const MAX_REMEMBERED_MODELS = 1_024;

/** Everything that waits: groups in order of their turn, and how much there is of it. */
export class BatchQueue {
  queuedBytes = 0;
  private readonly models = new Map<string, ModelQueue>();
  private readonly byKey = new Map<string, BatchGroup>();

  constructor(private readonly options: BatcherOptions) {}

  /** Groups in which somebody waits, the next to be served first. */
  groups(): Iterable<BatchGroup> {
    return this.byKey.values();
  }

  isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  model(sha256: string): ModelQueue {
    let model = this.models.get(sha256);
    if (model !== undefined) return model;
    if (this.models.size >= MAX_REMEMBERED_MODELS) this.forgetAModel();
    this.models.set(sha256, (model = { cost: new RunCost(), queuedRows: 0, running: 0 }));
    return model;
  }

  /** A request that is larger than a limit passes where nothing else waits: batch-check.ts bounds it. */
  hasRoom(model: ModelQueue, { request, rows, bytes }: PendingRequest): boolean {
    const { maxQueue } = request.policy ?? this.options;
    return (
      (model.queuedRows === 0 || model.queuedRows + rows <= maxQueue) &&
      (this.queuedBytes === 0 || this.queuedBytes + bytes <= this.options.maxQueuedBytes)
    );
  }

  /** @param front for what has waited its time already */
  add(pending: PendingRequest, { front }: { front: boolean }): BatchGroup {
    const policy = pending.request.policy ?? this.options;
    const key = groupKey(pending.request, policy);
    let group = this.byKey.get(key);
    if (group === undefined) {
      group = new BatchGroup(key, this.model(pending.request.file.sha256), policy);
      this.byKey.set(key, group);
    }
    if (front) group.waiting.unshift(pending);
    else place(group.waiting, pending);
    pending.group = group;
    group.dueAt = Math.min(group.dueAt, pending.request.deadlineAt);
    this.count(group, pending.rows, pending.bytes);
    return group;
  }

  /** Takes one request out, wherever it stands; nothing happens where it has left already. */
  remove(pending: PendingRequest): void {
    const { group } = pending;
    if (group === undefined) return;
    group.waiting.splice(group.waiting.indexOf(pending), 1);
    this.left(group, [pending]);
  }

  /** Takes the first requests out; the rest go to the end of the line, so that other models have their turn. */
  take(group: BatchGroup, count: number): readonly PendingRequest[] {
    const batch = group.waiting.splice(0, count);
    this.byKey.delete(group.key);
    this.byKey.set(group.key, group);
    this.left(group, batch);
    return batch;
  }

  /** Takes out those whose deadline is over. */
  takeOverdue(group: BatchGroup, now: number): readonly PendingRequest[] {
    if (group.dueAt > now) return [];
    const overdue: PendingRequest[] = [];
    let kept = 0;
    for (const pending of group.waiting) {
      if (pending.request.deadlineAt <= now) overdue.push(pending);
      else group.waiting[kept++] = pending;
    }
    group.waiting.length = kept;
    this.left(group, overdue);
    return overdue;
  }

  private left(group: BatchGroup, requests: readonly PendingRequest[]): void {
    for (const pending of requests) {
      pending.group = undefined;
      this.count(group, -pending.rows, -pending.bytes);
    }
    group.dueAt = earliestDeadline(group.waiting);
    if (group.waiting.length === 0) this.byKey.delete(group.key);
  }

  private count(group: BatchGroup, rows: number, bytes: number): void {
    group.rows += rows;
    group.model.queuedRows += rows;
    this.queuedBytes += bytes;
  }

  private forgetAModel(): void {
    for (const [sha256, { queuedRows, running }] of this.models) {
      if (queuedRows > 0 || running > 0) continue;
      this.models.delete(sha256);
      return;
    }
  }
}

/** Behind all that are as urgent; nearly always at the end. */
function place(waiting: PendingRequest[], pending: PendingRequest): void {
  let at = waiting.length;
  while (at > 0 && (waiting[at - 1]?.rank ?? 0) > pending.rank) at -= 1;
  if (at === waiting.length) waiting.push(pending);
  else waiting.splice(at, 0, pending);
}
