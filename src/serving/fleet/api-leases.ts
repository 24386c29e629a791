import type { InstanceLimits } from '../execution/backend';
import type { ApiProcessId, Attend, InstanceLimit, LeasedName } from './worker-calls';

/** Silence after which an `api` process has no more say, in ms: it asks twice a second, and may be busy for a while. */
export const SILENT_AFTER_MS = 15_000;
/** Most processes that are listened to; whoever has been silent the longest is forgotten first. */
const MAX_APIS = 1_024;

interface Heard {
  readonly leases: readonly LeasedName[];
  readonly limits: readonly InstanceLimit[];
  readonly atMs: number;
  /** Whether its last answer said that this worker leaves. */
  knowsOfLeaving: boolean;
}

/** What the `api` processes together want a worker to hold. */
export class ApiLeases {
  private readonly heard = new Map<ApiProcessId, Heard>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  attended({ api, leases, limits = [] }: Attend, isLeaving: boolean): void {
    this.heard.delete(api);
    this.heard.set(api, { leases, limits, atMs: this.nowMs(), knowsOfLeaving: isLeaving });
    for (const [other, { atMs }] of this.heard)
      if (this.heard.size > MAX_APIS || this.nowMs() - atMs > SILENT_AFTER_MS) this.heard.delete(other);
  }

  /** Each model once, with the largest batch that anybody expects. */
  models(): readonly LeasedName[] {
    const rowsOf = new Map<string, number>();
    for (const { leases } of this.heard.values())
      for (const { sha256, rows } of leases) rowsOf.set(sha256, Math.max(rows, rowsOf.get(sha256) ?? 0));
    return [...rowsOf].map(([sha256, rows]) => ({ sha256, rows }));
  }

  /** Of each model as many instances as anybody wants. */
  limits(): InstanceLimits {
    const most = new Map<string, number>();
    for (const { limits } of this.heard.values())
      for (const { sha256, instances } of limits)
        most.set(sha256, Math.max(instances, most.get(sha256) ?? 0));
    return most;
  }

  /** How many there are. */
  get count(): number {
    return this.heard.size;
  }

  /** Whether all who were heard of lately have been told that this worker leaves. */
  everybodyKnows(withinMs: number): boolean {
    const now = this.nowMs();
    return [...this.heard.values()].every(
      ({ knowsOfLeaving, atMs }) => knowsOfLeaving || now - atMs > withinMs,
    );
  }
}
