import { Readable } from 'node:stream';
import { authorize } from '../../auth/auth';
import type { Datasets } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Database } from '../../kernel/database/database';
import { notFound, refuse, type InvalidInput, type NotFound, type Refusal } from '../../kernel/errors';
import { idOf } from '../../kernel/ids';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import type { Run, RunArtifact, RunId } from '../run';
import { notRunning } from '../run-refusal';
import { artifactNotFound, type RunNotActive } from '../tracking.errors';
import { TrackingQueries } from '../tracking.queries';
import { TrackingStore, type Takers } from '../tracking.store';
import { MODEL_PINS, modelPins } from './model-pins';
import { mergeSetup } from './merge-setup';
import { RunSetupQueries } from './run-setup.queries';
import { RunSetupStore } from './run-setup.store';
import { NOTHING_TOLD, type DiffInput, type RunSetup, type SetupInput, type ToldSetup } from './run-setup';
import { checkSetup, hashesIn } from './setup-input';
import { toldSetup } from './told-setup';

export interface DescribeRunInput extends SetupInput {
  readonly runId: string;
}
export type Described = { readonly ok: true; readonly run: Run };
export type DescribeResult = Described | Refusal<NotFound | InvalidInput | RunNotActive>;

/** What runs were made with: told by their clients, kept, and read. */
export class RunSetups {
  private readonly queries: RunSetupQueries;
  private readonly store = new RunSetupStore();
  private readonly runs = new TrackingStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly artifacts: Artifacts;
      readonly datasets: Datasets;
    },
  ) {
    this.queries = new RunSetupQueries(needs.database);
  }

  /** Adds facts to what is known of a run; each is told once. All of them are kept or none. */
  async describe(
    actor: Actor,
    { runId, ...input }: DescribeRunInput,
    takers: Takers = 'RUNNING',
  ): Promise<DescribeResult> {
    authorize(actor, 'tracking:write');
    const prepared = await this.prepare(actor, input);
    if (!prepared.ok) return prepared;
    const id = idOf('run', runId);
    if (id === null) return refuse(notFound('run', runId));
    return refusableTransaction(this.needs.database, async (tx): Promise<DescribeResult> => {
      const run = await this.runs.holdTaker(tx, actor.projectId, id, takers);
      return run ? this.add(tx, run, prepared.told) : notRunning(tx, actor, runId);
    });
  }

  /** Checks facts before they are added, and keeps a diff that was told as text. */
  async prepare(
    actor: Actor,
    input: SetupInput,
  ): Promise<{ readonly ok: true; readonly told: ToldSetup } | Refusal<NotFound | InvalidInput>> {
    const invalid = checkSetup(input);
    if (invalid) return refuse(invalid);
    const hashes = hashesIn(input);
    const found = await this.needs.artifacts.findMany(actor.projectId, hashes);
    const missing = hashes.find((_, index) => !found[index]);
    if (missing !== undefined) return refuse(artifactNotFound(missing));
    const sizes = new Map(found.flatMap((file) => (file ? [[file.sha256, file.sizeBytes] as const] : [])));
    const diff = await this.keptDiff(actor, input.code?.diff ?? null);
    if (diff) sizes.set(diff.sha256, diff.sizeBytes);
    return { ok: true, told: toldSetup(input, diff?.sha256 ?? null, sizes) };
  }

  /** Adds facts to a run that nobody else changes meanwhile. */
  async add(tx: Transaction, run: Run, told: ToldSetup): Promise<Described | Refusal<InvalidInput>> {
    const [setup] = await new RunSetupQueries(tx).ofRuns(run.projectId, [run.id]);
    return this.merge(tx, run, setup as RunSetup, told);
  }

  /** As `add`, to a run that was made in the same transaction. */
  addFirst(tx: Transaction, run: Run, told: ToldSetup): Promise<Described | Refusal<InvalidInput>> {
    return this.merge(tx, run, NOTHING_TOLD, told);
  }

  private async merge(
    tx: Transaction,
    run: Run,
    setup: RunSetup,
    told: ToldSetup,
  ): Promise<Described | Refusal<InvalidInput>> {
    const known = { source: run.source ?? {}, setup };
    const merged = mergeSetup(known, told);
    if (!merged.ok) return refuse(merged.error);
    const { source } = merged.told;
    await this.store.put(tx, run, merged.told.setup);
    const isSame = JSON.stringify(source) === JSON.stringify(known.source);
    return { ok: true, run: isSame ? run : await this.store.putSource(tx, run, source) };
  }

  async ofRuns(actor: Actor, ids: readonly RunId[]): Promise<readonly RunSetup[]> {
    authorize(actor, 'platform:read');
    return this.queries.ofRuns(actor.projectId, ids);
  }

  /** Files that pin what a run's models need, as MLflow's clients log them beside the models. */
  async modelPins(actor: Actor, ids: readonly RunId[]): Promise<(readonly RunArtifact[])[]> {
    authorize(actor, 'platform:read');
    const artifacts = await new TrackingQueries(this.needs.database).artifacts(actor.projectId, ids);
    const ofModels = await this.queries.modelFiles(actor.projectId, ids, MODEL_PINS);
    return ids.map((_, index) => modelPins(artifacts[index] ?? [], ofModels[index] ?? []));
  }

  private async keptDiff(actor: Actor, diff: DiffInput | null) {
    if (typeof diff?.text !== 'string') return null;
    authorize(actor, 'artifact:write');
    return this.needs.artifacts.putUnnamed(actor.projectId, Readable.from([Buffer.from(diff.text)]));
  }
}
