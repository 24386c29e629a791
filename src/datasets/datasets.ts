import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Page, PageRequest } from '../kernel/cursor';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../kernel/errors';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import type { Transaction } from '../kernel/database/sql';
import { checkAnnotation, MAX_TAGS_PER_VERSION, type AnnotateVersionInput, type Tag } from './annotation';
import { VersionComparer } from './compare-versions';
import type { RowComparison } from './data-profile';
import type { Dataset, DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
import { parseDatasetRef } from './dataset-ref';
import { DatasetsQueries } from './datasets.queries';
import { DatasetsStore } from './datasets.store';
import { VersionRegistrar, type RegisterResult } from './register-version';
import type { DatasetSplit, SplitVersionInput } from './split';
import { VersionSplitter, type SplitResult } from './split-version';
import type { RegisterVersionInput } from './registration';
import type { DatasetsDependencies } from './datasets-dependencies';

export type { Dataset, DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
export type { AnnotateVersionInput, Tag } from './annotation';
export type { DatasetSplit, SplitVersionInput } from './split';
export type { RegisterVersionInput } from './registration';
type AnnotateResult =
  { readonly ok: true; readonly version: DatasetVersion } | Refusal<NotFound | InvalidInput>;

/** Versions of data: what models are made from and measured on. */
export class Datasets {
  private readonly queries: DatasetsQueries;
  private readonly store = new DatasetsStore();
  private readonly registrar: VersionRegistrar;
  private readonly splitter: VersionSplitter;
  private readonly comparer: VersionComparer;

  constructor(private readonly dependencies: DatasetsDependencies) {
    this.queries = new DatasetsQueries(dependencies.database);
    this.registrar = new VersionRegistrar(dependencies);
    this.splitter = new VersionSplitter(dependencies, this.registrar);
    this.comparer = new VersionComparer(dependencies);
  }

  /** Keeps what the data is: its columns, their statistics, its hash. The same data again is the same version. */
  registerVersion(actor: Actor, input: RegisterVersionInput): Promise<RegisterResult> {
    return this.registrar.register(actor, input);
  }

  /** Says something of a version: what people say may change, the data does not. */
  async annotateVersion(actor: Actor, input: AnnotateVersionInput): Promise<AnnotateResult> {
    authorize(actor, 'dataset:write');
    const wrong = checkAnnotation(input);
    if (wrong) return refuse(wrong);
    return refusableTransaction(this.dependencies.database, (tx) => this.annotate(tx, actor, input));
  }

  /** Deals the rows of a version into parts, each a version of its own. */
  splitVersion(actor: Actor, input: SplitVersionInput): Promise<SplitResult> {
    return this.splitter.split(actor, input);
  }

  /** How many rows two versions have in common. Null where the bytes of one are not here. Throws `Failure`. */
  compareRows(actor: Actor, from: DatasetVersion, to: DatasetVersion): Promise<RowComparison | null> {
    return this.comparer.compare(actor, from, to);
  }

  async datasetByName(actor: Actor, name: string): Promise<Dataset | null> {
    authorize(actor, 'platform:read');
    return parseDatasetRef(name)?.number === null ? this.queries.byName(actor.projectId, name) : null;
  }

  /** Newest first; filtered by `name`. Cursors have one key. */
  async datasets(actor: Actor, filter: string | null, page: PageRequest): Promise<Page<Dataset>> {
    authorize(actor, 'platform:read');
    return this.queries.page(actor.projectId, filter, page);
  }

  async datasetsByIds(actor: Actor, ids: readonly DatasetId[]): Promise<(Dataset | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.byIds(actor.projectId, ids);
  }

  async versionsByIds(actor: Actor, ids: readonly DatasetVersionId[]): Promise<(DatasetVersion | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.versionsByIds(actor.projectId, ids);
  }

  /** References are `penguins` (the newest version) or `penguins@3`. Null where there is none. */
  async versionsByRefs(actor: Actor, refs: readonly string[]): Promise<(DatasetVersion | null)[]> {
    authorize(actor, 'platform:read');
    if (refs.length === 0) return [];
    return this.queries.versionsByRefs(actor.projectId, refs.map(parseDatasetRef));
  }

  /**
   * The newest version of each dataset with that digest, as MLflow's clients have it: the beginning of its SHA-256, or
   * what its address ends in after a `#`. Null where there is none.
   */
  async versionsByDigests(
    actor: Actor,
    named: readonly { readonly name: string; readonly digest: string }[],
  ): Promise<(DatasetVersion | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.versionsByDigests(actor.projectId, named);
  }

  async columnsByVersionIds(
    actor: Actor,
    ids: readonly DatasetVersionId[],
  ): Promise<(readonly DatasetColumn[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.columnsByVersionIds(actor.projectId, ids);
  }

  async tagsByVersionIds(actor: Actor, ids: readonly DatasetVersionId[]): Promise<(readonly Tag[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.tagsByVersionIds(actor.projectId, ids);
  }

  async splitsByVersionIds(actor: Actor, ids: readonly DatasetVersionId[]): Promise<(DatasetSplit | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.splitsByVersionIds(actor.projectId, ids);
  }

  private async annotate(
    tx: Transaction,
    actor: Actor,
    { ref, description, tags, removeTags }: AnnotateVersionInput,
  ): Promise<AnnotateResult> {
    const queries = new DatasetsQueries(tx);
    const [version] = await queries.versionsByRefs(actor.projectId, [parseDatasetRef(ref)]);
    if (!version) return refuse(notFound('dataset version', ref));
    await this.store.lockVersion(tx, version.id);
    if (description !== undefined) await this.store.describe(tx, version.id, description);
    await this.store.removeTags(tx, version.id, removeTags ?? []);
    await this.store.setTags(tx, version, tags ?? []);
    const [kept = []] = await queries.tagsByVersionIds(actor.projectId, [version.id]);
    if (kept.length > MAX_TAGS_PER_VERSION) return refuse(tooManyTags(kept.length));
    return { ok: true, version: description === undefined ? version : { ...version, description } };
  }
}

const tooManyTags = (count: number) =>
  invalidInput([
    { path: 'tags', expected: `at most ${MAX_TAGS_PER_VERSION} tags on a version`, actual: `${count} tags` },
  ]);
