import type { Actor } from '../kernel/actor';
import type { Bus } from '../kernel/bus';
import type { Clock } from '../kernel/clock';
import type { Database } from '../kernel/database/database';
import { notFound, refuse } from '../kernel/errors';
import type { InvalidInput, NameConflict, NotFound, Refusal, UserError } from '../kernel/errors';
import { encodeNodeId, idOf } from '../kernel/ids';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import type { Transaction } from '../kernel/database/sql';
import { ExperimentStore } from './experiment.store';
import type { Experiment, ExperimentId } from './run';
import { RunChangeStore } from './live/run-change.store';
import {
  checkExperiment,
  checkExperimentUpdate,
  MAX_TAGS,
  type CreateExperimentInput,
  type UpdateExperimentInput,
} from './tracking-input';
import { experimentDeleted, experimentNameTaken, tooManyTags } from './tracking.errors';

export type ExperimentMade = {
  readonly ok: true;
  readonly experiment: Experiment;
  readonly created: boolean;
};
export type ExperimentChanged = { readonly ok: true; readonly experiment: Experiment };

/** How experiments come, change and go. The front door has checked that the caller may. */
export class ExperimentChanges {
  private readonly store = new ExperimentStore();
  private readonly changes: RunChangeStore;

  constructor(
    private readonly needs: { readonly database: Database; readonly bus: Bus; readonly clock: Clock },
  ) {
    this.changes = new RunChangeStore(needs.bus);
  }

  /** The experiment of that name: the one that is there, as it is, or a new one. */
  async create(actor: Actor, input: CreateExperimentInput): Promise<ExperimentMade | Refusal<InvalidInput>> {
    const invalid = checkExperiment(input);
    if (invalid) return refuse(invalid);
    return refusableTransaction(this.needs.database, (tx) => this.ensure(tx, actor, input));
  }

  /** As `create`; the experiment takes runs until the transaction ends, and the caller has checked the input. */
  async ensure(
    tx: Transaction,
    { projectId }: Actor,
    input: CreateExperimentInput,
  ): Promise<ExperimentMade | Refusal<InvalidInput>> {
    const found = await this.store.shareNamed(tx, projectId, input.name);
    const added = found ? null : await this.store.add(tx, projectId, input, this.needs.clock.now());
    if (added) {
      if (input.tags?.length) await this.store.putTags(tx, added, input.tags);
      return { ok: true, experiment: added, created: true };
    }
    const experiment = found ?? (await this.store.shareNamed(tx, projectId, input.name));
    if (!experiment) throw new Error('An experiment is there from the moment that its name is taken.');
    if (experiment.deletedAt) return refuse(experimentDeleted('name', experiment.name));
    return { ok: true, experiment, created: false };
  }

  /** The experiment of that id, which takes runs until the caller's transaction ends. */
  async find(
    tx: Transaction,
    { projectId }: Actor,
    id: ExperimentId,
  ): Promise<ExperimentChanged | Refusal<NotFound | InvalidInput>> {
    const experiment = await this.store.share(tx, projectId, id);
    if (!experiment) return refuse(notFound('experiment', encodeNodeId('experiment', id)));
    return experiment.deletedAt
      ? refuse(experimentDeleted('experiment', experiment.name))
      : { ok: true, experiment };
  }

  /** Changes what is given: its name, its description, and tags, which are put or taken away one by one. */
  async update(
    actor: Actor,
    input: UpdateExperimentInput,
  ): Promise<ExperimentChanged | Refusal<NotFound | InvalidInput | NameConflict>> {
    const invalid = checkExperimentUpdate(input);
    if (invalid) return refuse(invalid);
    const { name, description, tags = [], removeTags = [] } = input;
    return this.changing<InvalidInput | NameConflict>(actor, input.experimentId, async (tx, before) => {
      if (before.deletedAt) return refuse(experimentDeleted('experimentId', before.name));
      if (removeTags?.length) await this.store.removeTags(tx, before, removeTags);
      if (tags?.length) await this.store.putTags(tx, before, tags);
      if (tags?.length && (await this.store.countTags(tx, before)) > MAX_TAGS) return refuse(tooManyTags());
      const experiment = await this.store.update(tx, before, {
        ...before,
        name: name ?? before.name,
        description: description === undefined ? before.description : description,
        updatedAt: this.needs.clock.now(),
      });
      return experiment ? { ok: true, experiment } : refuse(experimentNameTaken(name ?? before.name));
    });
  }

  /** With its runs, which come back with it. Its name stays taken. */
  async delete(actor: Actor, experimentId: string): Promise<ExperimentChanged | Refusal<NotFound>> {
    const now = this.needs.clock.now();
    return this.changing<NotFound>(actor, experimentId, async (tx, before) => {
      if (before.deletedAt) return { ok: true, experiment: before };
      const runIds = await this.store.deleteRuns(tx, before, now);
      await this.changes.tell(tx, runIds, 'lifecycle');
      return this.mark(tx, before, now, now);
    });
  }

  /** With the runs that were deleted with it. */
  async restore(actor: Actor, experimentId: string): Promise<ExperimentChanged | Refusal<NotFound>> {
    const updatedAt = this.needs.clock.now();
    return this.changing<NotFound>(actor, experimentId, async (tx, before) => {
      if (!before.deletedAt) return { ok: true, experiment: before };
      const runIds = await this.store.restoreRuns(tx, before, before.deletedAt);
      await this.changes.tell(tx, runIds, 'lifecycle');
      return this.mark(tx, before, null, updatedAt);
    });
  }

  private async mark(
    tx: Transaction,
    before: Experiment,
    deletedAt: Date | null,
    updatedAt: Date,
  ): Promise<ExperimentChanged> {
    const experiment = await this.store.update(tx, before, { ...before, deletedAt, updatedAt });
    if (!experiment) throw new Error('An experiment has its own name to itself.');
    return { ok: true, experiment };
  }

  private async changing<Refused extends UserError>(
    { projectId }: Actor,
    nodeId: string,
    work: (tx: Transaction, before: Experiment) => Promise<ExperimentChanged | Refusal<Refused>>,
  ): Promise<ExperimentChanged | Refusal<Refused | NotFound>> {
    const id: ExperimentId | null = idOf('experiment', nodeId);
    if (id === null) return refuse(notFound('experiment', nodeId));
    return refusableTransaction<ExperimentChanged, Refused | NotFound>(this.needs.database, async (tx) => {
      const before = await this.store.hold(tx, projectId, id);
      return before ? work(tx, before) : refuse(notFound('experiment', nodeId));
    });
  }
}
