import type { WorkerState, InstanceLimits } from '../execution/backend';
import { rankPlaces } from './placement';
import type { WorkerRoom } from './worker-room';

/** What is to be known of a worker. */
interface Holder {
  /** Workers are numbered from 0. */
  readonly id: number;
  readonly state: WorkerState;
  has(sha256: string): boolean;
  readonly room: Pick<WorkerRoom, 'mayBring' | 'isComing'>;
}

export const isUp = ({ state }: Pick<Holder, 'state'>): boolean => state === 'idle' || state === 'busy';

/**
 * Which workers are to hold the models of which endpoints want only so many instances: each model ranks the workers by
 * itself, so that several such models do not end up on the same one.
 */
export class Instances {
  private limits: InstanceLimits = new Map();
  /** Of limited models, by the number of workers: ranking costs a hash for each. */
  private readonly ranked = new Map<string, readonly number[]>();

  replace(limits: InstanceLimits): void {
    this.limits = limits;
    this.ranked.clear();
  }

  limited(): Iterable<string> {
    return this.limits.keys();
  }

  /**
   * Those that are to hold the model.
   *
   * @param there workers that could, by number
   * @param count of all workers, numbered from 0
   */
  of<Worker extends { readonly id: number }>(
    sha256: string,
    there: readonly Worker[],
    count: number,
  ): readonly Worker[] {
    const most = this.limits.get(sha256);
    if (most === undefined || there.length <= most) return there;
    const order = this.orderOf(sha256, count);
    return [...there].sort((one, other) => (order[one.id] ?? 0) - (order[other.id] ?? 0)).slice(0, most);
  }

  /**
   * Workers that may be given a run of the model: those that hold it, where any does, so that no caller waits for a load
   * while another worker could answer. One that all may hold may also be brought to others; of one with few instances
   * those answer that are to hold it, and who stands in as long as none of them does.
   */
  runners<Worker extends Holder>(sha256: string, workers: readonly Worker[]): readonly Worker[] {
    const isLimited = this.limits.has(sha256);
    if (!isLimited && workers.every((worker) => worker.has(sha256))) return workers;
    const up = workers.filter(isUp);
    const homes = this.of(sha256, up, workers.length);
    const holding = up.filter((worker) => worker.has(sha256));
    // Where it is being loaded a run would load it a second time, and hold up all others meanwhile.
    if (holding.length === 0) return homes.filter(({ room }) => !room.isComing(sha256));
    if (!isLimited) return up.filter((worker) => holding.includes(worker) || worker.room.mayBring(sha256));
    const holdingHomes = homes.filter((worker) => holding.includes(worker));
    return holdingHomes.length > 0 ? holdingHomes : holding;
  }

  /** Whether the worker holds the model and is not to, while one has it that is. */
  isStray<Worker extends Holder>(worker: Worker, sha256: string, workers: readonly Worker[]): boolean {
    if (!isUp(worker) || !worker.has(sha256)) return false;
    const runners = this.runners(sha256, workers);
    return !runners.includes(worker) && runners.some((runner) => runner.has(sha256));
  }

  /** The rank of each worker, by its number. */
  private orderOf(sha256: string, count: number): readonly number[] {
    const key = `${sha256} ${count}`;
    let order = this.ranked.get(key);
    if (order === undefined) {
      const names = rankPlaces(
        sha256,
        Array.from({ length: count }, (_, id) => String(id)),
      );
      order = Array.from({ length: count }, (_, id) => names.indexOf(String(id)));
      this.ranked.set(key, order);
    }
    return order;
  }
}
