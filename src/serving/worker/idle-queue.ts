import { WorkerUnavailable } from '../worker-unavailable';
import type { WorkerSlot } from './worker-slot';

/** Runs that may wait for a worker. The batcher holds back what is not batched; this is for the rest. */
const MAX_WAITING = 1_024;

interface Waiter {
  /** Whether a worker will do. */
  readonly accepts: (slot: WorkerSlot) => boolean;
  readonly limit: NodeJS.Timeout;
  readonly resolve: (slot: WorkerSlot) => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for a worker, first come, first served. */
export class IdleQueue {
  private readonly waiters: Waiter[] = [];

  /** Resolves with a worker that is taken already. @throws WorkerUnavailable past the limit or in a full queue */
  wait(accepts: Waiter['accepts'], limitMs: number): Promise<WorkerSlot> {
    return new Promise((resolve, reject) => {
      if (this.waiters.length >= MAX_WAITING)
        return reject(new WorkerUnavailable('busy', `${MAX_WAITING} runs wait for a worker already.`));
      const limit = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(new WorkerUnavailable('deadline', `No worker became free within ${Math.round(limitMs)} ms.`));
      }, limitMs);
      const waiter: Waiter = { accepts, limit, resolve, reject };
      this.waiters.push(waiter);
    });
  }

  /** Takes the worker for the first who can use it; false where nobody can. */
  offer(slot: WorkerSlot): boolean {
    const index = this.waiters.findIndex(({ accepts }) => accepts(slot));
    const [waiter] = index < 0 ? [] : this.waiters.splice(index, 1);
    if (waiter === undefined) return false;
    clearTimeout(waiter.limit);
    slot.take();
    waiter.resolve(slot);
    return true;
  }

  refuseAll(error: Error): void {
    for (const { limit, reject } of this.waiters.splice(0)) {
      clearTimeout(limit);
      reject(error);
    }
  }
}
