import type { SeriesColumns } from './metric-columns';
import type { RunId } from '../run';

/** Series that a process remembers to be there, so that their run cannot get too many by a call that has only such. */
export class KnownSeries {
  /** The run that was asked about last comes last. */
  private readonly byRun = new Map<RunId, Set<string>>();
  private size = 0;

  /** @param maxSize series of all runs together; the runs that were not asked about for longest are forgotten */
  constructor(private readonly maxSize: number) {}

  hasAll(runId: RunId, series: readonly SeriesColumns[]): boolean {
    const names = this.byRun.get(runId);
    if (!names) return false;
    this.byRun.delete(runId);
    this.byRun.set(runId, names);
    return series.every((one) => names.has(nameOf(one)));
  }

  add(runId: RunId, series: readonly SeriesColumns[]): void {
    const names = this.byRun.get(runId) ?? new Set();
    this.byRun.delete(runId);
    this.byRun.set(runId, names);
    const before = names.size;
    for (const one of series) names.add(nameOf(one));
    this.size += names.size - before;
    for (const [oldest, ofOldest] of this.byRun) {
      if (this.size <= this.maxSize) break;
      this.byRun.delete(oldest);
      this.size -= ofOldest.size;
    }
  }
}

/** A key has no U+0000. */
const nameOf = ({ key, subject }: SeriesColumns) => (subject === '' ? key : `${subject}\0${key}`);
