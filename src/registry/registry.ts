import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Artifacts } from '../kernel/artifacts/artifacts';
import type { Bus } from '../kernel/bus';
import type { Page, PageRequest } from '../kernel/cursor';
import type { Database } from '../kernel/database/database';
import type { ProjectId } from '../kernel/ids';
import { InputCheck } from '../kernel/input-check';
import type { Outbox } from '../kernel/outbox';
import type { Datasets } from '../datasets/datasets';
import type { RunId, Tracking } from '../tracking/tracking';
import type { Alias, AliasMove } from './aliases/alias';
import type { AliasFollower } from './alias-follower';
import { AliasMoves } from './aliases/alias-moves';
import { AliasRemoval, type AliasRemoved, type RemoveAliasInput } from './aliases/alias-removal';
import { AliasRollback, type RollbackResult } from './promotion/alias-rollback';
import { GateRun } from './promotion/gate-run';
import type { Model, ModelId } from './models/model';
import { ModelDeclaration, type DeclarationResult, type ModelInput } from './models/model-declaration';
import type { ModelInspector } from './model-inspector';
import {
  ModelChanges,
  type AddModelInput,
  type ModelChanged,
  type ModelDeleted,
  type UpdateModelInput,
} from './models/model-changes';
import type { ModelVersion, ModelVersionId, VersionFile, VersionMetric } from './versions/model-version';
import { Promotion, type PromotionResult } from './promotion/promotion';
import type { PromotionInput, RollbackInput } from './promotion/promotion-input';
import { Preparation } from './registration/preparation';
import { parseReference } from './reference';
import { Registration, type RegistrationResult } from './registration/registration';
import type { ReferenceUsers } from './reference-users';
import type { FilesRegistrationInput, RegistrationInput } from './registration/registration-input';
import { RegistryChangesStore } from './registry-changes.store';
import { RegistryQueries, type HistoryKey, type VersionsPageKey } from './registry.queries';
import type { RegistrySearch } from './search/registry-search';
import { RegistrySearchQueries } from './search/registry-search.queries';
import { RegistryStore } from './registry.store';
import type { Transaction } from '../kernel/database/sql';
import {
  VersionChanges,
  type SetStageInput,
  type UpdateVersionInput,
  type VersionChanged,
  type VersionDeleted,
} from './versions/version-changes';

export { refusedRequests } from './contract/contract-changes';
export type { AliasFollower } from './alias-follower';
export type { ReferenceUser, ReferenceUsers } from './reference-users';
export { STAGES, type Stage } from './versions/stage';
export { tagList } from './tags';
export type { Alias, AliasMove } from './aliases/alias';
export type { Model, ModelId } from './models/model';
export type { ModelInspection, ModelInspector } from './model-inspector';
export type { ModelVersion, ModelVersionId, VersionFile, VersionMetric } from './versions/model-version';
export type { Column, ColumnPlace, Signature } from './contract/signature';
export { DEFAULT_ALIAS, parseReference } from './reference';

/** What we decided to trust: models, their versions, and the aliases that point at them. */
export class Registry {
  private readonly queries: RegistryQueries;
  private readonly searches: RegistrySearchQueries;
  private readonly declaration: ModelDeclaration;
  private readonly registration: Registration;
  private readonly promotion: Promotion;
  private readonly rollback: AliasRollback;
  private readonly removal: AliasRemoval;
  private readonly modelChanges: ModelChanges;
  private readonly versionChanges: VersionChanges;
  private readonly changes = new RegistryChangesStore();
  private readonly follower: AliasFollower;

  constructor(needs: {
    readonly database: Database;
    readonly outbox: Outbox;
    readonly bus: Bus;
    readonly artifacts: Artifacts;
    readonly datasets: Datasets;
    readonly tracking: Tracking;
    readonly inspector: ModelInspector;
    readonly follower: AliasFollower;
    readonly users: ReferenceUsers;
  }) {
    this.follower = needs.follower;
    const store = new RegistryStore();
    const moves = new AliasMoves({ ...needs, store });
    this.queries = new RegistryQueries(needs.database);
    this.searches = new RegistrySearchQueries(needs.database);
    const shared = { ...needs, queries: this.queries, store, moves };
    this.declaration = new ModelDeclaration(shared);
    this.registration = new Registration({ ...shared, preparation: new Preparation(needs) });
    this.promotion = new Promotion({ ...shared, gateRun: new GateRun(needs) });
    this.rollback = new AliasRollback(shared);
    this.removal = new AliasRemoval(shared);
    this.modelChanges = new ModelChanges(shared);
    this.versionChanges = new VersionChanges(shared);
  }

  /** Declares a model's policy; a model without one gets it once, and an equal one is the model that exists. */
  async createModel(actor: Actor, input: ModelInput): Promise<DeclarationResult> {
    authorize(actor, 'registry:write');
    return this.declaration.declare(actor, input);
  }

  /** Proves that the file runs, and gives it the number that follows from what changed. */
  async registerVersion(actor: Actor, input: RegistrationInput): Promise<RegistrationResult> {
    authorize(actor, 'registry:write');
    return this.registration.register(actor, input);
  }

  /** Keeps files as a version, and opens none of them: it is listed and fetched, never run. */
  async registerFiles(actor: Actor, input: FilesRegistrationInput): Promise<RegistrationResult> {
    authorize(actor, 'registry:write');
    return this.registration.registerFiles(actor, input);
  }

  /** A model without a policy, which `createModel` may give it later. Refused where there is one of that name. */
  async addModel(actor: Actor, input: AddModelInput) {
    authorize(actor, 'registry:write');
    return this.modelChanges.add(actor, input);
  }

  /** Changes what is given: its name, unless endpoints name it, its description, and tags, one by one. */
  async updateModel(actor: Actor, input: UpdateModelInput): Promise<ModelChanged> {
    authorize(actor, 'registry:write');
    const result = await this.modelChanges.update(actor, input);
    if (result.ok && input.name) await this.follower.aliasMoved();
    return result;
  }

  /** With its versions; its name is free. Refused while an alias or an endpoint leads to one of them. */
  async deleteModel(actor: Actor, model: string): Promise<ModelDeleted> {
    authorize(actor, 'registry:write');
    const result = await this.modelChanges.delete(actor, model);
    if (result.ok) await this.follower.aliasMoved();
    return result;
  }

  /** Changes what is said of a version: its description, and tags, one by one. */
  async updateVersion(actor: Actor, input: UpdateVersionInput): Promise<VersionChanged> {
    authorize(actor, 'registry:write');
    return this.versionChanges.update(actor, input);
  }

  /** For clients that know stages. Nothing follows them: aliases are what moves traffic. */
  async setStage(actor: Actor, input: SetStageInput) {
    authorize(actor, 'registry:write');
    return this.versionChanges.setStage(actor, input);
  }

  /** Refused while an alias or an endpoint leads to it. */
  async deleteVersion(actor: Actor, ref: string): Promise<VersionDeleted> {
    authorize(actor, 'registry:write');
    const result = await this.versionChanges.delete(actor, ref);
    if (result.ok) await this.follower.aliasMoved();
    return result;
  }

  /** Refused while an endpoint follows it. Its history stays. */
  async removeAlias(actor: Actor, input: RemoveAliasInput): Promise<AliasRemoved> {
    authorize(actor, 'registry:promote');
    const result = await this.removal.remove(actor, input);
    if (result.ok) await this.follower.aliasMoved();
    return result;
  }

  /** Runs the gates, and moves the alias if all of them passed. */
  async promote(actor: Actor, input: PromotionInput): Promise<PromotionResult> {
    authorize(actor, 'registry:promote');
    const result = await this.promotion.promote(actor, input);
    if (result.ok && !input.dryRun) await this.follower.aliasMoved();
    return result;
  }

  /** Back to the version that was live before, without gates. */
  async rollBack(actor: Actor, input: RollbackInput): Promise<RollbackResult> {
    authorize(actor, 'registry:promote');
    const result = await this.rollback.rollBack(actor, input);
    if (result.ok) await this.follower.aliasMoved();
    return result;
  }

  async modelByName(actor: Actor, name: string): Promise<Model | null> {
    authorize(actor, 'platform:read');
    const isName = new InputCheck().name('name', name).result() === null;
    return isName ? this.queries.modelByName(actor.projectId, name) : null;
  }

  async modelsByIds(actor: Actor, ids: readonly ModelId[]): Promise<(Model | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.modelsByIds(actor.projectId, ids);
  }

  /** Newest first; filtered by `name`. Cursors have one key. */
  async models(actor: Actor, filter: string | null, page: PageRequest): Promise<Page<Model>> {
    authorize(actor, 'platform:read');
    return this.queries.models(actor.projectId, filter, page);
  }

  /** Filtered by name and tags; sorted by name, or by their times. Cursors have one key: a place in the list. */
  async searchModels(actor: Actor, search: RegistrySearch, page: PageRequest): Promise<Page<Model>> {
    authorize(actor, 'platform:read');
    return this.searches.models(actor.projectId, search, page);
  }

  /** The same of versions, of all models in one list. */
  async searchVersions(actor: Actor, search: RegistrySearch, page: PageRequest): Promise<Page<ModelVersion>> {
    authorize(actor, 'platform:read');
    return this.searches.versions(actor.projectId, search, page);
  }

  /** Of each model the newest version at each stage. */
  async latestVersions(actor: Actor, ids: readonly ModelId[]): Promise<ModelVersion[][]> {
    authorize(actor, 'platform:read');
    return this.searches.latestVersions(actor.projectId, ids);
  }

  /** What a reference means now; null where it means nothing. */
  async versionByRef(actor: Actor, ref: string): Promise<ModelVersion | null> {
    return (await this.versionsByRefs(actor, [ref]))[0] ?? null;
  }

  async versionsByRefs(actor: Actor, refs: readonly string[]): Promise<(ModelVersion | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.versionsByReferences(actor.projectId, refs.map(parseReference));
  }

  async versionsByIds(actor: Actor, ids: readonly ModelVersionId[]): Promise<(ModelVersion | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.versionsByIds(actor.projectId, ids);
  }

  /**
   * For the server itself, which routes for every caller: the same as `versionsByRefs`, in one statement, without an
   * actor.
   */
  versionsForRouting(projectId: ProjectId, refs: readonly string[]): Promise<(ModelVersion | null)[]> {
    return this.queries.versionsByReferences(projectId, refs.map(parseReference));
  }

  /**
   * For whoever is about to keep these references: the same as `versionsForRouting`, in its transaction. What they name
   * now stays until that ends.
   */
  async versionsForKeeping(
    tx: Transaction,
    projectId: ProjectId,
    refs: readonly string[],
  ): Promise<(ModelVersion | null)[]> {
    const references = refs.map(parseReference);
    const names = references.flatMap((reference) => reference?.model ?? []);
    await this.changes.holdForReferences(tx, projectId, [...new Set(names)]);
    return new RegistryQueries(tx).versionsByReferences(projectId, references);
  }

  /** Pages of versions, newest first: one for each key. */
  async versionPages(actor: Actor, keys: readonly VersionsPageKey[]): Promise<Page<ModelVersion>[]> {
    authorize(actor, 'platform:read');
    return this.queries.versionPages(actor.projectId, keys);
  }

  async versionsOfRuns(actor: Actor, runIds: readonly RunId[]): Promise<ModelVersion[][]> {
    authorize(actor, 'platform:read');
    return this.queries.versionsOfRuns(actor.projectId, runIds);
  }

  async metricsOfVersions(actor: Actor, ids: readonly ModelVersionId[]): Promise<VersionMetric[][]> {
    authorize(actor, 'platform:read');
    return this.queries.metricsOfVersions(actor.projectId, ids);
  }

  /** What each version was logged with; none where it is one file. */
  async filesOfVersions(actor: Actor, ids: readonly ModelVersionId[]): Promise<VersionFile[][]> {
    authorize(actor, 'platform:read');
    return this.queries.filesOfVersions(actor.projectId, ids);
  }

  async aliasesOfModels(actor: Actor, ids: readonly ModelId[]): Promise<Alias[][]> {
    authorize(actor, 'platform:read');
    return this.queries.aliasesOfModels(actor.projectId, ids);
  }

  async aliasesOfVersions(actor: Actor, ids: readonly ModelVersionId[]): Promise<Alias[][]> {
    authorize(actor, 'platform:read');
    return this.queries.aliasesOfVersions(actor.projectId, ids);
  }

  /** The moves of aliases, newest first: one list for each key. */
  async histories(actor: Actor, keys: readonly HistoryKey[]): Promise<AliasMove[][]> {
    authorize(actor, 'platform:read');
    return this.queries.histories(actor.projectId, keys);
  }
}
