import type { Actor } from '../kernel/actor';
import { parseSha256, type Artifact, type Artifacts } from '../kernel/artifacts';
import type { Database } from '../kernel/database';
import { invalidArtifact, refuse } from '../kernel/errors';
import type { InvalidArtifact, InvalidInput, NotFound, Refusal } from '../kernel/errors';
import { claimKey, rememberResult } from '../kernel/idempotency';
import { newId } from '../kernel/ids';
import type { Outbox } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/refusable-transaction';
import type { Transaction } from '../kernel/sql';
import type { Model } from './model';
import type { CodeSource, ModelVersion, ModelVersionId } from './model-version';
import type { Preparation, PreparedVersion } from './preparation';
import { checkRegistration, type RegistrationInput } from './registration-input';
import { versionRegistered } from './registry.events';
import type { RegistryQueries } from './registry.queries';
import type { RegistryStore } from './registry.store';
import { nextNumber, type Numbering } from './version-number';

export type RegistrationResult =
  | { readonly ok: true; readonly version: ModelVersion; readonly created: boolean }
  | Refusal<InvalidArtifact | InvalidInput | NotFound>;

/** How a file becomes a version. */
export class Registration {
  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly artifacts: Artifacts;
      readonly preparation: Preparation;
      readonly queries: RegistryQueries;
      readonly store: RegistryStore;
    },
  ) {}

  async register(actor: Actor, input: RegistrationInput): Promise<RegistrationResult> {
    const invalid = checkRegistration(input);
    if (invalid) return refuse(invalid);
    const artifact = await this.artifactOf(actor, input);
    if (!artifact) return refuse(artifactNotFound(input.sha256));
    // Bytes that are known need no worker: the version that exists is the answer, also while no worker answers.
    const known = await this.needs.queries.versionByBytes(actor.projectId, input.model, artifact.sha256);
    const prepared = known ? null : await this.needs.preparation.prepare(actor, input, artifact);
    if (prepared && !prepared.ok) return prepared;
    return refusableTransaction(this.needs.database, (tx) =>
      this.write(tx, actor, input, known ?? prepared?.value ?? null),
    );
  }

  private async artifactOf(actor: Actor, input: RegistrationInput): Promise<Artifact | null> {
    const sha256 = parseSha256(input.sha256);
    return sha256 && this.needs.artifacts.find(actor.projectId, sha256);
  }

  private async write(
    tx: Transaction,
    actor: Actor,
    input: RegistrationInput,
    known: ModelVersion | PreparedVersion | null,
  ): Promise<RegistrationResult> {
    const request = {
      projectId: actor.projectId,
      operation: 'registerModelVersion',
      key: input.idempotencyKey,
      input,
    };
    const claim = await claimKey(tx, request);
    if (claim.kind === 'mismatch') return refuse(claim.error);
    if (claim.kind === 'replay') return this.replay(tx, claim.reference);
    const result =
      known && 'ref' in known ? { version: known, created: false } : await this.add(tx, actor, input, known);
    await rememberResult(tx, request, `${result.created ? 'created' : 'known'}:${result.version.id}`);
    return { ok: true, ...result };
  }

  private async add(
    tx: Transaction,
    actor: Actor,
    input: RegistrationInput,
    prepared: PreparedVersion | null,
  ) {
    if (!prepared) throw new Error('What is not known has been prepared.');
    const { model } = await this.needs.store.lockModel(tx, actor.projectId, input.model);
    const twin = await this.needs.store.versionByBytes(tx, model.id, prepared.artifact.sha256);
    if (twin) return { version: twin, created: false };
    const { numbering, ordinal } = await this.numberOf(tx, model, prepared);
    const { artifact, run, metrics, datasets, signature } = prepared;
    const row = {
      id: newId<'model_version'>(),
      projectId: actor.projectId,
      modelId: model.id,
      ordinal,
      ...numbering,
      signature,
      sha256: artifact.sha256,
      sizeBytes: artifact.sizeBytes,
      runId: run?.id ?? null,
      source: input.source ? sourceOf(input.source) : null,
      description: input.description ?? '',
    };
    const version = await this.needs.store.addVersion(tx, row, metrics, datasets);
    await this.needs.outbox.append(tx, versionRegistered(version, datasets));
    return { version, created: true };
  }

  /** Under the model's lock: what is read here is what the number follows from. */
  private async numberOf(
    tx: Transaction,
    model: Model,
    prepared: PreparedVersion,
  ): Promise<{ numbering: Numbering; ordinal: number }> {
    const { row, lastOrdinal } = await this.needs.store.newest(tx, model.id);
    const newest = row && {
      number: { major: row.major, minor: row.minor, pipeline: row.pipeline },
      signature: row.signature,
    };
    const { optimizing } = model;
    const measured = optimizing ? prepared.metrics.filter(({ key }) => key === optimizing.key) : [];
    const scores = measured.flatMap(({ datasetRef, value }) =>
      datasetRef === null ? [] : [{ dataset: datasetRef, value }],
    );
    const datasetVersionIds = measured.flatMap(({ datasetVersionId }) => datasetVersionId ?? []);
    const best =
      newest && optimizing && datasetVersionIds.length > 0
        ? await this.needs.store.bestScores(tx, {
            modelId: model.id,
            major: newest.number.major,
            ...optimizing,
            datasetVersionIds,
          })
        : [];
    const numbering = nextNumber({ newest, optimizing, signature: prepared.signature, scores, best });
    return { numbering, ordinal: lastOrdinal + 1 };
  }

  private async replay(tx: Transaction, reference: string): Promise<RegistrationResult> {
    const [outcome, versionId] = reference.split(':');
    const version = await this.needs.store.version(tx, versionId as ModelVersionId);
    return { ok: true, version, created: outcome === 'created' };
  }
}

const artifactNotFound = (sha256: string) =>
  invalidArtifact('ARTIFACT_NOT_FOUND', `There is no artifact ${sha256}: upload it first.`);

const sourceOf = ({ repository, commit, entryPoint, dirty }: Partial<CodeSource>): CodeSource => ({
  repository: repository ?? null,
  commit: commit ?? null,
  entryPoint: entryPoint ?? null,
  dirty: dirty ?? null,
});
