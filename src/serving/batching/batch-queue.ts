import type { Lane, ModelFile } from '../execution/backend';
import {
  BatchGroup,
  type LaneQueue,
  type ModelQueue,
  earliestDeadline,
  type PendingRequest,
} from './batch-group';
import { groupKey } from './group-key';
import type { BatcherOptions } from './batcher-options';
import { RunCost } from './run-cost';

/** Models whose cost is remembered while nothing of theirs waits. */
const MAX_REMEMBERED_MODELS = 1_024;

/** Everything that waits: groups in order of their turn, and how much there is of it. */
export class BatchQueue {
  private readonly lanes = new Map<Lane, LaneQueue>();
  private readonly models = new Map<string, ModelQueue>();
  private readonly byKey = new Map<string, BatchGroup>();

  /** @param laneOf where a model's runs take turns; there are few lanes, and each stays the same object */
  constructor(
    private readonly options: BatcherOptions,
    private readonly laneOf: (file: ModelFile) => Lane,
  ) {}

  /** Of all that waits, in every lane. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const { queuedBytes } of this.lanes.values()) bytes += queuedBytes;
    return bytes;
  }

  /** Groups in which somebody waits, the next to be served first. */
  groups(): Iterable<BatchGroup> {
    return this.byKey.values();
  }

  isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  model(file: ModelFile): ModelQueue {
    let model = this.models.get(file.sha256);
    if (model !== undefined) return model;
    if (this.models.size >= MAX_REMEMBERED_MODELS) this.forgetAModel();
    model = {
      sha256: file.sha256,
      cost: new RunCost(),
      place: this.placeOf(file),
      queuedRows: 0,
      running: 0,
      triesSuspect: false,
    };
    this.models.set(file.sha256, model);
    return model;
  }

  /** A request that is larger than a limit passes where nothing else waits: `batch-check.ts` bounds it. */
  hasRoom(model: ModelQueue, { request, rows, bytes }: PendingRequest): boolean {
    const { maxQueue } = request.policy ?? this.options;
    return (
      (model.queuedRows === 0 || model.queuedRows + placesOf(rows) <= maxQueue) &&
      (model.place.queuedBytes === 0 || model.place.queuedBytes + bytes <= this.options.maxQueuedBytes)
    );
  }

  /** @param front for what has waited its time already */
  add(pending: PendingRequest, { front }: { front: boolean }): BatchGroup {
    const policy = pending.request.policy ?? this.options;
    const key = groupKey(pending.request, policy, pending.suspect);
    let group = this.byKey.get(key);
    if (group === undefined) {
      group = new BatchGroup(key, this.model(pending.request.file), policy);
      this.byKey.set(key, group);
    }
    if (front) group.waiting.unshift(pending);
    else place(group.waiting, pending);
    pending.group = group;
    group.dueAt = Math.min(group.dueAt, pending.request.deadlineAt);
    this.count(group, pending, 1);
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
      this.count(group, pending, -1);
    }
    group.dueAt = earliestDeadline(group.waiting);
    if (group.waiting.length === 0) this.byKey.delete(group.key);
  }

  private count(group: BatchGroup, { rows, bytes }: PendingRequest, sign: 1 | -1): void {
    group.rows += sign * rows;
    group.model.queuedRows += sign * placesOf(rows);
    group.model.place.queuedBytes += sign * bytes;
  }

  private placeOf(file: ModelFile): LaneQueue {
    const lane = this.laneOf(file);
    let place = this.lanes.get(lane);
    if (place === undefined) this.lanes.set(lane, (place = { lane, queuedBytes: 0 }));
    return place;
  }

  private forgetAModel(): void {
    for (const [sha256, { queuedRows, running }] of this.models) {
      if (queuedRows > 0 || running > 0) continue;
      this.models.delete(sha256);
      return;
    }
  }
}

/** Who asks without a row waits all the same: no queue of such requests is without an end. */
const placesOf = (rows: number): number => Math.max(1, rows);

/** Behind all that are as urgent; nearly always at the end. */
function place(waiting: PendingRequest[], pending: PendingRequest): void {
  let at = waiting.length;
  while (at > 0 && (waiting[at - 1]?.rank ?? 0) > pending.rank) at -= 1;
  if (at === waiting.length) waiting.push(pending);
  else waiting.splice(at, 0, pending);
}
