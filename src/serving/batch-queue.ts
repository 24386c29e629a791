import { BatchGroup, groupKey, type ModelQueue } from './batch-group';
import { RunCost } from './batch-policy';
import type { PendingRequest } from './batch-request';
import type { BatcherOptions } from './batcher-options';

/** Models whose cost is remembered while nothing of theirs waits. */
const MAX_REMEMBERED_MODELS = 1_024;

/** Everything that waits: groups in order of their turn, and how much there is of it. */
export class BatchQueue {
  queuedBytes = 0;
  private readonly models = new Map<string, ModelQueue>();
  private readonly byKey = new Map<string, BatchGroup>();

  constructor(private readonly limits: Pick<BatcherOptions, 'maxQueuedRows' | 'maxQueuedBytes'>) {}

  /** Groups in which somebody waits, the next to be served first. */
  groups(): Iterable<BatchGroup> {
    return this.byKey.values();
  }

  isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  holds(group: BatchGroup): boolean {
    return this.byKey.get(group.key) === group;
  }

  model(sha256: string): ModelQueue {
    let model = this.models.get(sha256);
    if (model !== undefined) return model;
    if (this.models.size >= MAX_REMEMBERED_MODELS) this.forgetAModel();
    this.models.set(sha256, (model = { cost: new RunCost(), queuedRows: 0 }));
    return model;
  }

  /** A request that is larger than a limit passes where nothing else waits: bodies have limits of their own. */
  hasRoom(model: ModelQueue, { rows, bytes }: PendingRequest): boolean {
    const { maxQueuedRows, maxQueuedBytes } = this.limits;
    return (
      (model.queuedRows === 0 || model.queuedRows + rows <= maxQueuedRows) &&
      (this.queuedBytes === 0 || this.queuedBytes + bytes <= maxQueuedBytes)
    );
  }

  /** @param front for what has waited its time already */
  add(pending: PendingRequest, { front }: { front: boolean }): BatchGroup {
    const key = groupKey(pending.request);
    let group = this.byKey.get(key);
    if (group === undefined) {
      group = new BatchGroup(key, this.model(pending.request.file.sha256));
      this.byKey.set(key, group);
    }
    if (front) group.waiting.unshift(pending);
    else group.waiting.push(pending);
    this.count(group, pending.rows, pending.bytes);
    return group;
  }

  /** Takes one request out, wherever it stands; nothing happens where it has left already. */
  remove(group: BatchGroup, pending: PendingRequest): void {
    const index = group.waiting.indexOf(pending);
    if (index < 0) return;
    group.waiting.splice(index, 1);
    this.count(group, -pending.rows, -pending.bytes);
    if (group.waiting.length === 0) this.close(group);
  }

  /** Takes the first requests out; the rest go to the end of the line, so that other models have their turn. */
  take(group: BatchGroup, count: number): readonly PendingRequest[] {
    const batch = group.waiting.splice(0, count);
    for (const { rows, bytes } of batch) this.count(group, -rows, -bytes);
    this.byKey.delete(group.key);
    if (group.waiting.length > 0) this.byKey.set(group.key, group);
    else group.clearTimer();
    return batch;
  }

  private count(group: BatchGroup, rows: number, bytes: number): void {
    group.rows += rows;
    group.model.queuedRows += rows;
    this.queuedBytes += bytes;
  }

  private close(group: BatchGroup): void {
    group.clearTimer();
    this.byKey.delete(group.key);
  }

  private forgetAModel(): void {
    for (const [sha256, { queuedRows }] of this.models) {
      if (queuedRows > 0) continue;
      this.models.delete(sha256);
      return;
    }
  }
}
