import { cancelled, WorkerUnavailable } from '../execution/worker-unavailable';
import type { WorkerSlot } from './worker-slot';

/** Runs that may wait for a worker. The batcher holds back what is not batched; this is for the rest. */
const MAX_WAITING = 1_024;

/** How long a run waits: in ms, and until nobody wants its answer any more. */
interface Patience {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  /** Whether a worker will do. */
  readonly accepts: (slot: WorkerSlot) => boolean;
  /** Told once: a worker that is taken already, or why there is none. */
  readonly settle: (outcome: WorkerSlot | Error) => void;
}

/** Those who wait for a worker, first come, first served. */
export class IdleQueue {
  private readonly waiters: Waiter[] = [];

  /**
   * Resolves with a worker that is taken already.
   *
   * @throws WorkerUnavailable past the limit, in a full queue, or where nobody wants the answer any more
   */
  wait(accepts: Waiter['accepts'], { timeoutMs, signal }: Patience): Promise<WorkerSlot> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled());
      if (this.waiters.length >= MAX_WAITING)
        return reject(new WorkerUnavailable('busy', `${MAX_WAITING} runs wait for a worker already.`));
      const leave = (why: WorkerUnavailable) => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        waiter.settle(why);
      };
      const tooLong = () =>
        leave(new WorkerUnavailable('deadline', `No worker became free within ${Math.round(timeoutMs)} ms.`));
      const limit = setTimeout(tooLong, timeoutMs);
      const unwanted = () => leave(cancelled());
      signal?.addEventListener('abort', unwanted);
      const waiter: Waiter = {
        accepts,
        settle: (outcome) => {
          clearTimeout(limit);
          signal?.removeEventListener('abort', unwanted);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      this.waiters.push(waiter);
    });
  }

  /** Takes the worker for the first who can use it; false where nobody can. */
  offer(slot: WorkerSlot): boolean {
    const index = this.waiters.findIndex(({ accepts }) => accepts(slot));
    const [waiter] = index < 0 ? [] : this.waiters.splice(index, 1);
    if (waiter === undefined) return false;
    slot.take();
    waiter.settle(slot);
    return true;
  }

  refuseAll(error: Error): void {
    for (const { settle } of this.waiters.splice(0)) settle(error);
  }
}
