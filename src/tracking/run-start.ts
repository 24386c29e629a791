import type { Datasets, DatasetVersion } from '../datasets/datasets';
import type { Actor } from '../kernel/actor';
import type { Bus } from '../kernel/bus';
import type { Clock } from '../kernel/clock';
import type { Database } from '../kernel/database/database';
import { notFound, refuse, type InvalidInput, type NotFound, type Refusal } from '../kernel/errors';
import { claimKey } from '../kernel/idempotency';
import { idOf, newId } from '../kernel/ids';
import type { Outbox } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import type { Transaction } from '../kernel/database/sql';
import type { ExperimentChanges } from './experiment-changes';
import type { KeyValue, MadeRun, Run, Source } from './run';
import { RunChangeStore } from './live/run-change.store';
import { checkRun, type StartRunInput } from './tracking-input';
import { newRunName } from './run-name';
import { idempotentRequest, replayedRun } from './run-retry';
import type { SetupInput, ToldSetup } from './setup/run-setup';
import type { RunSetups } from './setup/run-setups';
import { isRefused, sourceByTags } from './setup/source-by-tags';
import { sourceInTags } from './setup/source-tags';
import { toldSource } from './setup/told-setup';
import { parentElsewhere, runDeleted } from './tracking.errors';
import { runStarted } from './tracking.events';
import { TrackingQueries } from './tracking.queries';
import { TrackingStore } from './tracking.store';

export type RunStarted = {
  readonly ok: true;
  readonly run: Run;
  /** Null where the call is a repeat: the run is that of the first call, whatever has become of it since. */
  readonly made: MadeRun | null;
};
export type StartResult = RunStarted | Refusal<NotFound | InvalidInput>;

/** How a run begins. The front door has checked that the caller may. */
export class RunStart {
  private readonly queries: TrackingQueries;
  private readonly store = new TrackingStore();
  private readonly changes: RunChangeStore;

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly bus: Bus;
      readonly clock: Clock;
      readonly datasets: Datasets;
      readonly experiments: ExperimentChanges;
      readonly setups: RunSetups;
    },
  ) {
    this.queries = new TrackingQueries(needs.database);
    this.changes = new RunChangeStore(needs.bus);
  }

  /** @see Tracking.startRun */
  async start(actor: Actor, input: StartRunInput, foundParent?: Run | null): Promise<StartResult> {
    const invalid = checkRun(input);
    if (invalid) return refuse(invalid);
    const refs = [...new Set(input.datasets ?? [])];
    const versions = await this.needs.datasets.versionsByRefs(actor, refs);
    const unknown = refs.find((_, index) => versions[index] === null);
    if (unknown !== undefined) return refuse(notFound('dataset version', unknown));
    const isFound = foundParent !== undefined;
    const parent = isFound ? foundParent : await this.findRun(actor, input.parentRunId ?? null);
    if (input.parentRunId && !parent) return refuse(notFound('run', input.parentRunId));
    if (parent?.deletedAt) return refuse(runDeleted(parent));
    const source = sourceByTags(toldSource(input.source ?? {}), { tags: input.tags ?? [] }, 'ONCE');
    if (source && isRefused(source)) return refuse(source);
    const prepared = isAnyTold(input) ? await this.needs.setups.prepare(actor, input) : null;
    if (prepared?.ok === false) return prepared;
    return refusableTransaction(this.needs.database, (tx) =>
      this.add(tx, actor, input, {
        parent,
        mayBeElsewhere: isFound,
        versions: versions.filter((version) => version !== null),
        source: source ?? (input.source ? toldSource(input.source) : null),
        told: prepared?.told ?? null,
      }),
    );
  }

  private async findRun(actor: Actor, nodeId: string | null): Promise<Run | null> {
    const id = nodeId === null ? null : idOf('run', nodeId);
    return id === null ? null : this.queries.run(actor.projectId, id);
  }

  private experimentOf(tx: Transaction, actor: Actor, { experiment }: StartRunInput) {
    const { experiments } = this.needs;
    return typeof experiment === 'string'
      ? experiments.ensure(tx, actor, { name: experiment })
      : experiments.find(tx, actor, experiment.id);
  }

  private async add(
    tx: Transaction,
    actor: Actor,
    input: StartRunInput,
    { parent, mayBeElsewhere, versions, source, told }: Known,
  ): Promise<StartResult> {
    const request = idempotentRequest(actor, 'startRun', input);
    const id = newId<'run'>();
    const first = await claimKey(tx, request, id);
    if (first.kind === 'mismatch') return refuse(first.error);
    if (first.kind === 'replay') {
      const replayed = await replayedRun(tx, actor, first.reference);
      return replayed.ok ? { ...replayed, made: null } : replayed;
    }
    const found = await this.experimentOf(tx, actor, input);
    if (!found.ok) return found;
    const { experiment } = found;
    const isElsewhere = parent !== null && parent.experimentId !== experiment.id;
    if (isElsewhere && !mayBeElsewhere) return refuse(parentElsewhere(experiment.name));
    const run: Run = {
      id,
      projectId: actor.projectId,
      experimentId: experiment.id,
      name: input.name ?? newRunName(),
      status: input.scheduled ? 'SCHEDULED' : 'RUNNING',
      startedAt: input.startedAt ?? this.needs.clock.now(),
      endedAt: null,
      parentRunId: parent?.id ?? null,
      source,
      deletedAt: null,
    };
    const versionIds = [...new Set(versions.map(({ id }) => id))];
    const { tags } = sourceInTags(input.tags ?? []);
    await this.store.addRun(tx, run, { params: input.params ?? [], tags, versionIds });
    const described = told && (await this.needs.setups.addFirst(tx, run, told));
    if (described?.ok === false) return described;
    await this.needs.outbox.append(tx, runStarted(run, versionIds));
    await this.changes.tell(tx, [run.id], 'started');
    return { ok: true, run: described?.run ?? run, made: { experiment, tags: [...tags].sort(byKey) } };
  }
}

/** As the database sorts them: by their bytes. */
const byKey = (a: KeyValue, b: KeyValue): number => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));

/** What was found before the transaction. */
interface Known {
  readonly parent: Run | null;
  /** The parent, in another experiment. */
  readonly mayBeElsewhere: boolean;
  readonly versions: readonly DatasetVersion[];
  readonly source: Source | null;
  readonly told: ToldSetup | null;
}

const isAnyTold = ({ code, environment, seeds, configFiles }: SetupInput): boolean =>
  Boolean(code ?? environment ?? seeds ?? configFiles);
