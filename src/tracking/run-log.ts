import type { Actor } from '../kernel/actor';
import { parseSha256, type Artifacts } from '../kernel/artifacts/artifacts';
import type { Bus } from '../kernel/bus';
import type { Clock } from '../kernel/clock';
import type { Database } from '../kernel/database/database';
import {
  invalidInput,
  notFound,
  refuse,
  shorten,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../kernel/errors';
import { idOf } from '../kernel/ids';
import type { Outbox } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import type { Transaction } from '../kernel/database/sql';
import { artifactPathFault } from './artifact-path';
import type { LogColumnsInput } from './metrics/metric-input';
import type { MetricLog } from './metrics/metric-log';
import { paramConflict } from './param-conflict';
import type { KeyValue, Run } from './run';
import { RunChangeStore } from './live/run-change.store';
import { checkParams, checkRunUpdate, MAX_PARAMS_PER_RUN, MAX_TAGS } from './tracking-input';
import { notRunning } from './run-refusal';
import { hasEnded, RUN_STATUSES, statusesAfter, statusesBefore, type RunStatus } from './run-status';
import { RunStore } from './run.store';
import { RunSetupStore } from './setup/run-setup.store';
import { isRefused, sourceByTags } from './setup/source-by-tags';
import { sourceInTags } from './setup/source-tags';
import { artifactNotFound, tooManyTags, type RunNotActive } from './tracking.errors';
import { artifactLogged, runEnded, runTopic } from './tracking.events';
import { TrackingStore, type Takers } from './tracking.store';

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
/** Points, params and tags in one: all of it is kept or none. */
export interface LogBatchInput extends LogParamsInput, LogColumnsInput {
  readonly tags: readonly KeyValue[];
  /** Null or absent: the run's name stays as it is. */
  readonly name?: string | null;
}
export interface LogArtifactInput {
  readonly runId: string;
  readonly path: string;
  readonly artifact: { readonly sha256: string };
}
export interface FinishRunInput {
  readonly runId: string;
  readonly status: RunStatus;
  /** Null or absent: now. */
  readonly endedAt?: Date | null;
}

export type Logged = { readonly ok: true; readonly run: Run };
export type LogResult = Logged | Refusal<NotFound | InvalidInput | RunNotActive>;

/**
 * What a run tells while it goes on besides its metrics, and its end. The front door has checked that the caller may.
 */
export class RunLog {
  private readonly store = new TrackingStore();
  private readonly runStore = new RunStore();
  private readonly setupStore = new RunSetupStore();
  private readonly changes: RunChangeStore;

  constructor(
    private readonly dependencies: RunLogDependencies,
    private readonly metrics: MetricLog,
  ) {
    this.changes = new RunChangeStore(dependencies.bus);
  }

  /** Params never change: the same value again is fine, another value is refused. */
  async params(actor: Actor, input: LogParamsInput, takers: Takers): Promise<LogResult> {
    const invalid = checkParams(input.params);
    if (invalid) return refuse(invalid);
    return this.whileHeld(actor, input.runId, takers, (tx, run) => this.addParams(tx, run, input.params));
  }

  /** Names uploaded bytes as a file of the run. Another file under the same path takes its place. */
  async artifact(actor: Actor, input: LogArtifactInput, takers: Takers): Promise<LogResult> {
    const fault = artifactPathFault(input.path);
    if (fault !== null) return refuse(wrong('path', fault, input.path));
    const sha256 = parseSha256(input.artifact.sha256);
    if (sha256 === null) {
      return refuse(wrong('artifact.sha256', '64 lower-case hexadecimal digits', input.artifact.sha256));
    }
    const artifact = await this.dependencies.artifacts.find(actor.projectId, sha256);
    if (!artifact) return refuse(artifactNotFound(sha256));
    return this.whileHeld(actor, input.runId, takers, async (tx, run) => {
      const isNew = await this.store.putArtifact(tx, run, input.path, sha256);
      if (isNew) await this.dependencies.outbox.append(tx, artifactLogged(run, input.path, sha256));
      return { ok: true, run };
    });
  }

  /** Takes away the files at that path and below it; that there are none is no fault. Their bytes stay in the store. */
  async removeArtifacts(actor: Actor, runId: string, path: string, takers: Takers): Promise<LogResult> {
    const fault = artifactPathFault(path);
    if (fault !== null) return refuse(wrong('path', fault, path));
    return this.whileHeld(actor, runId, takers, async (tx, run) => {
      await this.store.removeArtifacts(tx, run, path);
      return { ok: true, run };
    });
  }

  /** Points, params and tags in one: all of it is kept or none. */
  async batch(actor: Actor, input: LogBatchInput, takers: Takers): Promise<LogResult> {
    const { params } = input;
    const { tags } = sourceInTags(input.tags);
    const invalid = checkParams(params) ?? checkRunUpdate(input);
    if (invalid) return refuse(invalid);
    const prepared = await this.metrics.prepare(actor, input, takers);
    if (!prepared.ok) return prepared;
    return this.whileHeld(actor, input.runId, takers, async (tx, held) => {
      const isRenamed = typeof input.name === 'string' && input.name !== held.name;
      const named = isRenamed ? await this.runStore.rename(tx, held, input.name) : held;
      const source = sourceByTags(held.source, { tags: input.tags }, takers === 'ALL' ? 'ANY' : 'ONCE');
      if (source && isRefused(source)) return refuse(source);
      const run = source ? await this.setupStore.putSource(tx, named, source) : named;
      const added = params.length > 0 ? await this.addParams(tx, run, params) : null;
      if (added?.ok === false) return added;
      if (tags.length > 0 && (await this.runStore.putTags(tx, run, tags)) > MAX_TAGS)
        return refuse(tooManyTags());
      const hasPoints = prepared.call.series.length > 0;
      const logged = hasPoints
        ? await this.metrics.addWithin(tx, actor, input.runId, prepared)
        : { ok: true as const, run };
      if (isRenamed) await this.changes.tell(tx, [run.id], 'name');
      return logged;
    });
  }

  /**
   * Ends a run, begins one that was scheduled, or takes it up again (`RUNNING`). @param order whose: ours, or MLflow's,
   * whose clients know none
   */
  async finish(actor: Actor, input: FinishRunInput, order: 'OURS' | 'ANY'): Promise<LogResult> {
    const runId = idOf('run', input.runId);
    if (runId === null) return refuse(notFound('run', input.runId));
    const now = input.endedAt ?? this.dependencies.clock.now();
    const to = input.status;
    const from = order === 'ANY' ? RUN_STATUSES : statusesBefore(to);
    return refusableTransaction(this.dependencies.database, async (tx): Promise<LogResult> => {
      const run = await this.store.setStatus(tx, actor.projectId, runId, { from, to, now });
      if (run) {
        const ended = runEnded(run);
        if (ended) await this.dependencies.outbox.append(tx, ended);
        else await this.dependencies.bus.wake(tx, runTopic(runId));
        await this.changes.tell(tx, [runId], 'status');
        return { ok: true, run };
      }
      const refused = await notRunning(tx, actor, input.runId);
      if (refused.error.kind !== 'RunNotActiveError' || hasEnded(refused.error.status)) return refused;
      return refuse(wrong('status', `one of ${statusesAfter(refused.error.status).join(', ')}`, to));
    });
  }

  private async addParams(
    tx: Transaction,
    run: Run,
    params: readonly KeyValue[],
  ): Promise<Logged | Refusal<InvalidInput>> {
    const { stored, count } = await this.store.addParams(tx, run, params);
    const conflict = paramConflict(params, stored);
    if (conflict) return refuse(conflict);
    if (count > MAX_PARAMS_PER_RUN) {
      return refuse(wrong('params', `at most ${MAX_PARAMS_PER_RUN} params in one run`, String(count)));
    }
    return { ok: true, run };
  }

  /** Runs `work` on a run that nobody else changes meanwhile. */
  private async whileHeld(
    actor: Actor,
    nodeId: string,
    takers: Takers,
    work: (tx: Transaction, run: Run) => Promise<LogResult>,
  ): Promise<LogResult> {
    const runId = idOf('run', nodeId);
    if (runId === null) return refuse(notFound('run', nodeId));
    return refusableTransaction(this.dependencies.database, async (tx) => {
      const run = await this.store.holdTaker(tx, actor.projectId, runId, takers);
      return run ? work(tx, run) : notRunning(tx, actor, nodeId);
    });
  }
}

const wrong = (path: string, expected: string, actual: string): InvalidInput =>
  invalidInput([{ path, expected, actual: `“${shorten(actual)}”` }]);
