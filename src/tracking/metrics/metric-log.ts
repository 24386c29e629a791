import type { Datasets, DatasetVersion } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Clock } from '../../kernel/clock';
import type { Database } from '../../kernel/database/database';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../../kernel/errors';
import { claimKey } from '../../kernel/idempotency';
import { idOf } from '../../kernel/ids';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import { checkMetrics, datasetsIn, toSeries, type LogColumnsInput } from './metric-input';
import { MeasuredLog, type Measured, type MeasuredModels } from './measured-log';
import type { MetricCompactor } from './metric-compactor';
import type { MetricFolder } from './metric-folder';
import { MetricWriter } from './metric-writer';
import { MetricStore, type RunPoints } from './metric.store';
import type { Run } from '../run';
import {
  MAX_MEASURED_SERIES_PER_CALL,
  MAX_SERIES_PER_CALL,
  MAX_SERIES_PER_RUN,
  type LogMetricsInput,
} from '../tracking-input';
import { notRunning } from '../run-refusal';
import { idempotentRequest, replayedRun } from '../run-retry';
import type { RunNotActive } from '../tracking.errors';
import { runTopic } from '../tracking.events';
import type { Takers } from '../tracking.store';

export interface MetricLogDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly datasets: Pick<Datasets, 'versionsByRefs' | 'versionsByDigests'>;
  readonly compactor: Pick<MetricCompactor, 'notice'>;
  readonly folder: MetricFolder;
  readonly models: MeasuredModels;
}

type Input = LogMetricsInput | LogColumnsInput;
type MetricsResult =
  { readonly ok: true; readonly run: Run } | Refusal<NotFound | InvalidInput | RunNotActive>;
export interface PreparedPoints extends Pick<Measured, 'metrics'> {
  readonly ok: true;
  readonly call: RunPoints;
}
type Prepared = PreparedPoints | Refusal<NotFound | InvalidInput>;

/** Keeps points of metrics. The front door has checked that the caller may. */
export class MetricLog {
  private readonly store: MetricStore;
  private readonly writer: MetricWriter;
  private readonly measured: MeasuredLog;

  constructor(private readonly dependencies: MetricLogDependencies) {
    this.store = new MetricStore(dependencies.bus);
    this.writer = new MetricWriter({ ...dependencies, store: this.store });
    this.measured = new MeasuredLog(dependencies);
  }

  /**
   * Keeps all points or none. Most calls go on with series that are there: those share a statement and its commit with
   * whoever calls at the same time. Only what may have to be taken back has a transaction of its own.
   */
  async add(actor: Actor, input: Input, takers: Takers): Promise<MetricsResult> {
    const prepared = await this.prepare(actor, input, takers);
    if (!prepared.ok) return prepared;
    const { call, metrics } = prepared;
    const hasKey = input.idempotencyKey !== null && input.idempotencyKey !== undefined;
    if (hasKey || metrics.length > 0 || !this.writer.knows(call))
      return this.addAlone(actor, input, prepared);
    const run = await this.writer.write(call);
    return run ? { ok: true, run } : notRunning(this.dependencies.database, actor, input.runId);
  }

  /** Checks points and finds what they name, before anything is written. */
  async prepare(actor: Actor, input: Input, takers: Takers): Promise<Prepared> {
    const invalid = checkMetrics(input);
    if (invalid) return refuse(invalid);
    const runId = idOf('run', input.runId);
    if (runId === null) return refuse(notFound('run', input.runId));
    const versions = await this.versions(actor, input);
    if ('ok' in versions) return versions;
    const nowMs = this.dependencies.clock.now().getTime();
    const measured = await this.measured.prepare(actor, runId, input, { versions, nowMs });
    if (!measured.ok) return measured;
    const own = toSeries(input, versions, nowMs);
    if (own.length > MAX_SERIES_PER_CALL) return refuse(tooManySeries(own.length));
    const { metrics, series: besides } = measured;
    if (besides.length > MAX_MEASURED_SERIES_PER_CALL) return refuse(tooManyMeasured(besides.length));
    const series = besides.length > 0 ? [...own, ...besides] : own;
    return { ok: true, call: { projectId: actor.projectId, runId, takers, series }, metrics };
  }

  /** Keeps prepared points inside a transaction of the caller's, who takes it back where this is refused. */
  async addWithin(
    tx: Transaction,
    actor: Actor,
    nodeId: string,
    { call, metrics }: PreparedPoints,
  ): Promise<MetricsResult> {
    const added = await this.addPoints(tx, actor, nodeId, call);
    const refused = added.ok ? await this.measured.keep(tx, added.run, metrics) : null;
    return refused ?? added;
  }

  private async addPoints(
    tx: Transaction,
    actor: Actor,
    nodeId: string,
    call: RunPoints,
  ): Promise<MetricsResult> {
    const { bus, compactor, folder } = this.dependencies;
    if (this.writer.knows(call) && folder.takes(call) && !folder.isFull(call)) {
      const appended = (await folder.store.append(tx, [call])).get(call.runId);
      if (!appended) return notRunning(tx, actor, nodeId);
      tx.afterCommit(() => {
        bus.woke(runTopic(call.runId));
        folder.notice(call, appended.tail);
      });
      return { ok: true, run: appended.run };
    }
    const added = (await this.addToChunks(tx, call)).get(call.runId);
    if (!added) return notRunning(tx, actor, nodeId);
    const tooMany = await this.checkSeries(tx, call, added.newSeries);
    if (tooMany) return refuse(tooMany);
    tx.afterCommit(() => {
      bus.woke(runTopic(call.runId));
      this.writer.remember(call);
      compactor.notice(call);
    });
    return { ok: true, run: added.run };
  }

  /** What stands in the run's tail comes before it. */
  private async addToChunks(tx: Transaction, call: RunPoints) {
    const added = await this.store.add(tx, [call]);
    if (added.has(call.runId)) return added;
    await this.dependencies.folder.foldWithin(tx, call);
    return this.store.add(tx, [call]); // from here on the run is held: nobody gives it a tail
  }

  private addAlone(actor: Actor, input: Input, prepared: PreparedPoints): Promise<MetricsResult> {
    return refusableTransaction(this.dependencies.database, async (tx): Promise<MetricsResult> => {
      const request = idempotentRequest(actor, 'logMetrics', input);
      const first = await claimKey(tx, request, prepared.call.runId);
      if (first.kind === 'mismatch') return refuse(first.error);
      if (first.kind === 'replay') return replayedRun(tx, actor, first.reference);
      return this.addWithin(tx, actor, input.runId, prepared);
    });
  }

  private async checkSeries(
    tx: Transaction,
    { runId }: RunPoints,
    newSeries: number,
  ): Promise<InvalidInput | null> {
    if (newSeries === 0 || (await this.store.countSeries(tx, runId)) <= MAX_SERIES_PER_RUN) return null;
    const expected = `at most ${MAX_SERIES_PER_RUN} different keys in one run`;
    return invalidInput([{ path: 'points', expected, actual: `${newSeries} new ones beyond` }]);
  }

  private async versions(
    actor: Actor,
    input: Input,
  ): Promise<ReadonlyMap<string, DatasetVersion> | Refusal<NotFound>> {
    const refs = datasetsIn(input);
    const versions = refs.length > 0 ? await this.dependencies.datasets.versionsByRefs(actor, refs) : [];
    const found = new Map<string, DatasetVersion>();
    for (const [index, ref] of refs.entries()) {
      const version = versions[index];
      if (!version) return refuse(notFound('dataset version', ref));
      found.set(ref, version);
    }
    return found;
  }
}

const tooManySeries = (count: number): InvalidInput =>
  invalidInput([
    {
      path: 'points',
      expected: `at most ${MAX_SERIES_PER_CALL} different keys, those of each dataset counted by themselves`,
      actual: String(count),
    },
  ]);

const tooManyMeasured = (count: number): InvalidInput =>
  invalidInput([
    {
      path: 'points',
      expected: `at most ${MAX_MEASURED_SERIES_PER_CALL} different keys of logged models, those of each of their datasets counted by themselves`,
      actual: String(count),
    },
  ]);
