import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import type { Feed } from '../../kernel/feed';
import { idOf } from '../../kernel/ids';
import { isStorable } from '../../kernel/database/sql';
import { followExperiment, noSuchExperiment, type ExperimentRunsEvent } from './experiment-runs';
import type { MetricChart } from '../metrics/metric-chart';
import type { MetricFolder } from '../metrics/metric-folder';
import { MetricTailQueries } from '../metrics/metric-tail.queries';
import type { MetricQueries } from '../metrics/metric.queries';
import { RunChangeQueries } from './run-change.store';
import { followRun, noSuchRun, type RunMetricsEvent } from './run-metrics';
import { RunSearchQueries } from '../search/run-search.queries';
import { TrackingQueries } from '../tracking.queries';

/** Runs as they are followed while they go on, each for any number of readers. */
export class LiveRuns {
  private readonly reads;

  constructor({
    database,
    folder,
    ...reads
  }: {
    readonly database: Database;
    readonly bus: Bus;
    readonly folder: MetricFolder;
    readonly metrics: MetricQueries;
    readonly chart: MetricChart;
  }) {
    const runs = new TrackingQueries(database);
    const searches = new RunSearchQueries(database, folder);
    const tails = new MetricTailQueries(database);
    this.reads = { ...reads, runs, tails, searches, changes: new RunChangeQueries(database) };
  }

  /** What a run tells: snapshots, what is new, the end. Throws where there is no run. */
  async metricsOf(
    actor: Actor,
    { runId, keys }: { readonly runId: string; readonly keys: readonly string[] | null },
  ): Promise<Feed<RunMetricsEvent>> {
    authorize(actor, 'platform:read');
    const id = idOf('run', runId);
    if (id === null) throw noSuchRun();
    const wanted = keys?.filter(isStorable) ?? null;
    return followRun(this.reads, { projectId: actor.projectId, runId: id, keys: wanted });
  }

  /** The runs of an experiment: a snapshot, then what changes. Throws where there is no experiment. */
  async ofExperiment(actor: Actor, experimentId: string): Promise<Feed<ExperimentRunsEvent>> {
    authorize(actor, 'platform:read');
    const id = idOf('experiment', experimentId);
    if (id === null) throw noSuchExperiment();
    return followExperiment(this.reads, { projectId: actor.projectId, experimentId: id });
  }
}
