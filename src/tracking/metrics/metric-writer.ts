import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import { Failure } from '../../kernel/errors';
import { KnownSeries } from './known-series';
import type { MetricCompactor } from './metric-compactor';
import type { MetricFolder } from './metric-folder';
import { joinCalls, type MetricStore, type RunPoints } from './metric.store';
import type { Run, RunId } from '../run';
import { runTopic } from '../tracking.events';
import type { Takers } from '../tracking.store';

interface Waiting {
  readonly call: RunPoints;
  readonly resolve: (run: Run | null) => void;
  readonly reject: (error: unknown) => void;
}
/** Where points go: into chunks and summaries at once, or into the run's tail until they are folded. */
type Way = 'chunks' | 'tail';

/**
 * Statements on their way at once: one is executed while another is synced to the disk. The embedded database has one.
 */
const MAX_FLIGHTS = { embedded: 1, postgres: 6 } as const;
/**
 * Runs of one flight. Two servers that take the rows of several runs may wait for each other; the embedded database has
 * one server, and there each flight less is a commit less.
 */
const MAX_FLIGHT_RUNS = { embedded: 256, postgres: 1 } as const;
/** Points of one flight after which the next calls wait for the next one: as much as the largest call alone. */
const MAX_FLIGHT_POINTS = 100_000;
/** Calls of one flight: where the database refuses it, each is tried alone. */
const MAX_FLIGHT_CALLS = 256;
/** Series that are known to be there, in this process: some 10 MB. */
const MAX_KNOWN_SERIES = 100_000;

export interface MetricWriterNeeds {
  readonly database: Database;
  readonly store: MetricStore;
  readonly bus: Bus;
  readonly compactor: Pick<MetricCompactor, 'notice'>;
  readonly folder: MetricFolder;
}

/**
 * Calls that arrive while others are written wait, and are then written together: one statement, one commit. Who comes
 * alone waits for nobody. A run is in one flight at a time, since a second one would only hold a connection while it
 * waits for the run's row.
 */
export class MetricWriter {
  private waiting: Waiting[] = [];
  private readonly flying = new Set<RunId>();
  private flights = 0;
  private readonly known = new KnownSeries(MAX_KNOWN_SERIES);

  constructor(private readonly needs: MetricWriterNeeds) {}

  /** Whether all these series were there before, so that their run cannot get too many by this call. */
  knows({ runId, series }: RunPoints): boolean {
    return this.known.hasAll(runId, series);
  }

  remember({ runId, series }: RunPoints): void {
    this.known.add(runId, series);
  }

  /** Null where the run takes nothing. Every point is kept, or none. */
  write(call: RunPoints): Promise<Run | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.depart();
    });
  }

  private depart(): void {
    while (this.flights < MAX_FLIGHTS[this.needs.database.engine]) {
      const { flight, way } = this.board();
      if (flight.length === 0) return;
      const runIds = new Set(flight.map(({ call }) => call.runId));
      for (const runId of runIds) this.flying.add(runId);
      this.flights += 1;
      void this.fly(flight, way).finally(() => {
        this.flights -= 1;
        for (const runId of runIds) this.flying.delete(runId);
        this.depart();
      });
    }
  }

  /** Takes those whose run is not on its way, as many as go together, in order of arrival. */
  private board(): { readonly flight: readonly Waiting[]; readonly way: Way } {
    const flight: Waiting[] = [];
    const stay: Waiting[] = [];
    const takersOf = new Map<RunId, Takers>();
    const left = new Set<RunId>(); // what comes after one that stays, stays
    let flightsWay: Way | null = null;
    let points = 0;
    let isFull = false;
    for (const one of this.waiting) {
      const added = pointsOf(one.call);
      isFull ||= flight.length === MAX_FLIGHT_CALLS || (points > 0 && points + added > MAX_FLIGHT_POINTS);
      const { runId, takers } = one.call;
      const way = this.needs.folder.takes(one.call) ? 'tail' : 'chunks';
      const isOther =
        (takersOf.get(runId) ?? takers) !== takers || // what one may log late, the other may not
        (flightsWay ?? way) !== way;
      const isOneTooMany =
        !takersOf.has(runId) && takersOf.size === MAX_FLIGHT_RUNS[this.needs.database.engine];
      if (isFull || isOther || isOneTooMany || left.has(runId) || this.flying.has(runId)) {
        stay.push(one);
        left.add(runId);
        continue;
      }
      takersOf.set(runId, takers);
      flightsWay = way;
      flight.push(one);
      points += added;
    }
    this.waiting = stay;
    return { flight, way: flightsWay ?? 'chunks' };
  }

  /** Never rejects. What the database refuses of several calls it may refuse for the sake of one of them. */
  private async fly(flight: readonly Waiting[], way: Way): Promise<void> {
    const runs = runsOf(flight.map(({ call }) => call));
    try {
      const added = way === 'tail' ? await this.append(runs) : await this.add(runs);
      for (const runId of added.keys()) this.needs.bus.woke(runTopic(runId));
      const isLast = way === 'tail';
      const missing: Waiting[] = [];
      for (const one of flight) {
        const run = runIn(added, one.call);
        if (run || isLast) one.resolve(run);
        else missing.push(one);
      }
      // Another server may have given their runs a tail: then nothing was kept of them.
      if (missing.length > 0) await this.fly(missing, 'tail');
    } catch (error) {
      if (flight.length === 1 || error instanceof Failure) for (const { reject } of flight) reject(error);
      else for (const one of flight) await this.fly([one], way);
    }
  }

  private async add(runs: readonly RunPoints[]): Promise<ReadonlyMap<RunId, Run>> {
    const added = await this.needs.store.add(this.needs.database, runs);
    for (const call of runs) if (added.has(call.runId)) this.needs.compactor.notice(call);
    return new Map([...added].map(([runId, { run }]) => [runId, run]));
  }

  private async append(runs: readonly RunPoints[]): Promise<ReadonlyMap<RunId, Run>> {
    const { folder, database } = this.needs;
    for (const call of runs) if (folder.isFull(call)) await folder.fold(call);
    const added = await folder.store.append(database, runs);
    for (const call of runs) {
      const tail = added.get(call.runId)?.tail;
      if (tail) folder.notice(call, tail);
    }
    return new Map([...added].map(([runId, { run }]) => [runId, run]));
  }
}

function runsOf(calls: readonly RunPoints[]): readonly RunPoints[] {
  const byRun = new Map<string, RunPoints[]>();
  for (const call of calls) {
    const name = `${call.projectId}/${call.runId}`;
    const ofRun = byRun.get(name);
    if (ofRun) ofRun.push(call);
    else byRun.set(name, [call]);
  }
  return [...byRun.values()].map((ofRun) => {
    const { projectId, runId, takers } = ofRun[0] as RunPoints;
    return { projectId, runId, takers, series: joinCalls(ofRun.map(({ series }) => series)) };
  });
}

function runIn(added: ReadonlyMap<RunId, Run>, { projectId, runId }: RunPoints): Run | null {
  const run = added.get(runId);
  return run?.projectId === projectId ? run : null;
}

const pointsOf = ({ series }: RunPoints) => series.reduce((sum, { values }) => sum + values.length, 0);
