import type { Actor } from '../kernel/actor';
import { parseSha256, type Artifacts } from '../kernel/artifacts';
import type { Bus } from '../kernel/bus';
import type { Clock } from '../kernel/clock';
import type { Database } from '../kernel/database';
import {
  invalidInput,
  notFound,
  refuse,
  shorten,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../kernel/errors';
import { claimKey, rememberResult } from '../kernel/idempotency';
import { idOf } from '../kernel/ids';
import type { Outbox } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/refusable-transaction';
import type { Transaction } from '../kernel/sql';
import { artifactPathFault } from './artifact-path';
import { toChunks } from './metric-columns';
import { MetricStore } from './metric.store';
import type { KeyValue, Run } from './run';
import {
  checkParams,
  checkPoints,
  MAX_PARAMS_PER_RUN,
  MAX_SERIES_PER_RUN,
  type LogMetricsInput,
} from './run-input';
import { idempotentRequest, replayedRun } from './run-retry';
import type { RunStatus } from './run-status';
import { artifactNotFound, runNotActive, type RunNotActive } from './tracking.errors';
import { artifactLogged, runTopic } from './tracking.events';
import { TrackingQueries } from './tracking.queries';
import { TrackingStore } from './tracking.store';

export interface RunLogDependencies {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly artifacts: Artifacts;
  readonly clock: Clock;
}

export interface LogParamsInput {
  readonly runId: string;
  readonly params: readonly KeyValue[];
}
export interface LogArtifactInput {
  readonly runId: string;
  readonly path: string;
  readonly artifact: { readonly sha256: string };
}
export interface FinishRunInput {
  readonly runId: string;
  readonly status: RunStatus;
}

export type Logged = { readonly ok: true; readonly run: Run };
export type LogResult = Logged | Refusal<NotFound | InvalidInput | RunNotActive>;

/** What a run tells while it goes on, and its end. The front door has checked that the caller may. */
export class RunLog {
  private readonly store = new TrackingStore();
  private readonly metricStore = new MetricStore();

  constructor(private readonly dependencies: RunLogDependencies) {}

  /** Keeps all points or none. Values keep their bits; steps may repeat and go backwards. */
  async metrics(actor: Actor, input: LogMetricsInput): Promise<LogResult> {
    const invalid = checkPoints(input);
    if (invalid) return refuse(invalid);
    const runId = idOf('run', input.runId);
    if (runId === null) return refuse(notFound('run', input.runId));
    const chunks = toChunks(input.points, this.dependencies.clock.now().getTime());
    return refusableTransaction(this.dependencies.database, async (tx): Promise<LogResult> => {
      const request = idempotentRequest(actor, 'logMetrics', input);
      const first = await claimKey(tx, request);
      if (first.kind === 'mismatch') return refuse(first.error);
      if (first.kind === 'replay') return replayedRun(tx, actor, first.reference);
      const place = await this.store.takeSequence(tx, actor.projectId, runId);
      if (!place) return this.notRunning(tx, actor, input.runId);
      await this.metricStore.addChunks(tx, place, chunks);
      const added = await this.metricStore.mergeSummaries(tx, place, chunks);
      if (added > 0 && (await this.metricStore.countSeries(tx, place)) > MAX_SERIES_PER_RUN) {
        const expected = `at most ${MAX_SERIES_PER_RUN} different keys in one run`;
        return refuse(invalidInput([{ path: 'points', expected, actual: `${added} new ones beyond` }]));
      }
      await rememberResult(tx, request, runId);
      await this.dependencies.bus.wake(tx, runTopic(runId));
      return { ok: true, run: place.run };
    });
  }

  /** Params never change: the same value again is fine, another value is refused. */
  async params(actor: Actor, input: LogParamsInput): Promise<LogResult> {
    const invalid = checkParams(input.params);
    if (invalid) return refuse(invalid);
    return this.whileRunning(actor, input.runId, (tx, run) => this.addParams(tx, run, input.params));
  }

  /** Names uploaded bytes as a file of the run. Another file under the same path takes its place. */
  async artifact(actor: Actor, input: LogArtifactInput): Promise<LogResult> {
    const fault = artifactPathFault(input.path);
    if (fault !== null) return refuse(wrong('path', fault, input.path));
    const sha256 = parseSha256(input.artifact.sha256);
    if (sha256 === null) {
      return refuse(wrong('artifact.sha256', '64 lower-case hexadecimal digits', input.artifact.sha256));
    }
    const artifact = await this.dependencies.artifacts.find(actor.projectId, sha256);
    if (!artifact) return refuse(artifactNotFound(sha256));
    return this.whileRunning(actor, input.runId, async (tx, run) => {
      const isNew = await this.store.putArtifact(tx, run, input.path, sha256);
      if (isNew) await this.dependencies.outbox.append(tx, artifactLogged(run, input.path, sha256));
      return { ok: true, run };
    });
  }

  /** Ends a run, or takes up a failed one again (`RUNNING`). */
  async finish(actor: Actor, input: FinishRunInput): Promise<LogResult> {
    const runId = idOf('run', input.runId);
    if (runId === null) return refuse(notFound('run', input.runId));
    const now = this.dependencies.clock.now();
    return refusableTransaction(this.dependencies.database, async (tx): Promise<LogResult> => {
      const run = await this.store.setStatus(tx, actor.projectId, runId, input.status, now);
      if (run) {
        await this.dependencies.bus.wake(tx, runTopic(runId));
        return { ok: true, run };
      }
      const refused = await this.notRunning(tx, actor, input.runId);
      const isRunning = refused.error.kind === 'RunNotActiveError' && refused.error.status === 'RUNNING';
      return isRunning ? refuse(wrong('status', 'FINISHED, FAILED or KILLED', 'RUNNING')) : refused;
    });
  }

  private async addParams(
    tx: Transaction,
    run: Run,
    params: readonly KeyValue[],
  ): Promise<Logged | Refusal<InvalidInput>> {
    const { stored, count } = await this.store.addParams(tx, run, params);
    const valueOf = new Map(stored.map(({ key, value }) => [key, value]));
    const issues = params.flatMap(({ key, value }, index) => {
      const before = valueOf.get(key);
      if (before === value) return [];
      const expected = `“${shorten(before ?? '')}”, which “${shorten(key)}” has: a param never changes`;
      return [{ path: `params[${index}].value`, expected, actual: `“${shorten(value)}”` }];
    });
    if (issues.length > 0) return refuse(invalidInput(issues));
    if (count > MAX_PARAMS_PER_RUN) {
      return refuse(wrong('params', `at most ${MAX_PARAMS_PER_RUN} params in one run`, String(count)));
    }
    return { ok: true, run };
  }

  /** Runs `work` on a run that cannot end meanwhile. */
  private async whileRunning(
    actor: Actor,
    nodeId: string,
    work: (tx: Transaction, run: Run) => Promise<LogResult>,
  ): Promise<LogResult> {
    const runId = idOf('run', nodeId);
    if (runId === null) return refuse(notFound('run', nodeId));
    return refusableTransaction(this.dependencies.database, async (tx) => {
      const run = await this.store.holdRunning(tx, actor.projectId, runId);
      return run ? work(tx, run) : this.notRunning(tx, actor, nodeId);
    });
  }

  private async notRunning(
    tx: Transaction,
    { projectId }: Actor,
    nodeId: string,
  ): Promise<Refusal<NotFound | RunNotActive>> {
    const runId = idOf('run', nodeId);
    const run = runId && (await new TrackingQueries(tx).run(projectId, runId));
    return refuse(run ? runNotActive(run) : notFound('run', nodeId));
  }
}

const wrong = (path: string, expected: string, actual: string): InvalidInput =>
  invalidInput([{ path, expected, actual: `“${shorten(actual)}”` }]);
