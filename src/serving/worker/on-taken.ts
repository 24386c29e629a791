import type { WorkerSlot } from './worker-slot';

/** Gives a worker that was taken back when the work ends, however: unless it has had another process since. */
export async function onTaken<T>(slot: WorkerSlot, work: () => Promise<T>): Promise<T> {
  const { life } = slot;
  try {
    return await work();
  } finally {
    slot.release(life);
  }
}
