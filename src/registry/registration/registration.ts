import type { Actor } from '../../kernel/actor';
import { Readable } from 'node:stream';
import { parseSha256, type Artifacts } from '../../kernel/artifacts/artifacts';
import type { Artifact } from '../../kernel/artifacts/artifact';
import type { Database } from '../../kernel/database/database';
import { invalidArtifact, refuse } from '../../kernel/errors';
import {
  notFound,
  type InvalidArtifact,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../../kernel/errors';
import { claimKey, rememberResult } from '../../kernel/idempotency';
import { newId } from '../../kernel/ids';
import type { Outbox } from '../../kernel/outbox';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import type { Model } from '../models/model';
import { fileListText, sortedFiles } from './file-list';
import type { CodeSource, ModelVersion, ModelVersionId, VersionFile } from '../versions/model-version';
import type { Preparation, PreparedVersion } from './preparation';
import {
  checkFilesRegistration,
  checkRegistration,
  type FilesRegistrationInput,
  type RegistrationInput,
} from './registration-input';
import { modelCreated, versionRegistered } from '../registry.events';
import type { RegistryQueries } from '../registry.queries';
import type { RegistryStore } from '../registry.store';
import { tagsOf } from '../tags';
import { nextNumber, type Numbering } from '../versions/version-number';

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
    return this.registerBytes(actor, input, artifact, { isOpaque: false });
  }

  /** Files that are kept and never opened: what stands for them is the list of their hashes. */
  async registerFiles(actor: Actor, input: FilesRegistrationInput): Promise<RegistrationResult> {
    const invalid = checkFilesRegistration(input);
    if (invalid) return refuse(invalid);
    const missing = await this.missingFile(actor, input);
    if (missing) return refuse(artifactNotFound(missing.sha256));
    const list = Readable.from([Buffer.from(fileListText(input.files))]);
    const artifact = await this.needs.artifacts.putUnnamed(actor.projectId, list);
    return this.registerBytes(actor, { ...input, sha256: artifact.sha256 }, artifact, { isOpaque: true });
  }

  private async registerBytes(
    actor: Actor,
    input: RegistrationInput,
    artifact: Artifact,
    kind: { readonly isOpaque: boolean },
  ): Promise<RegistrationResult> {
    // Bytes that are known need no worker: the version that exists is the answer, also while no worker answers.
    const known = input.alwaysNew
      ? null
      : await this.needs.queries.versionByBytes(actor.projectId, input.model, artifact.sha256);
    const prepared = known ? null : await this.needs.preparation.prepare(actor, input, artifact, kind);
    if (prepared && !prepared.ok) return prepared;
    return refusableTransaction(this.needs.database, (tx) =>
      this.write(tx, actor, input, known ?? prepared?.value ?? null),
    );
  }

  private async missingFile(
    actor: Actor,
    { files }: FilesRegistrationInput,
  ): Promise<VersionFile | undefined> {
    const found = await this.needs.artifacts.findMany(
      actor.projectId,
      files.map(({ sha256 }) => sha256),
    );
    return files.find((_file, index) => !found[index]);
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
      known && 'ref' in known
        ? { ok: true as const, version: known, created: false }
        : await this.add(tx, actor, input, known);
    if (!result.ok) return result;
    await rememberResult(tx, request, `${result.created ? 'created' : 'known'}:${result.version.id}`);
    return result;
  }

  private async add(
    tx: Transaction,
    actor: Actor,
    input: RegistrationInput,
    prepared: PreparedVersion | null,
  ): Promise<RegistrationResult> {
    if (!prepared) throw new Error('What is not known has been prepared.');
    const model = await this.lockModel(tx, actor, input);
    if (!model) return refuse(notFound('model', input.model));
    const twin = input.alwaysNew
      ? null
      : await this.needs.store.versionByBytes(tx, model.id, prepared.artifact.sha256);
    if (twin) return { ok: true, version: twin, created: false };
    const { numbering, ordinal } = await this.numberOf(tx, model, prepared);
    const { artifact, run, metrics, datasets, signature, format } = prepared;
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
      format,
      files: input.files ? sortedFiles(input.files) : null,
      origin: input.origin ?? null,
      tags: tagsOf(input.tags),
    };
    const version = await this.needs.store.addVersion(tx, row, metrics, datasets);
    await this.needs.outbox.append(tx, versionRegistered(version, datasets));
    return { ok: true, version, created: true };
  }

  private async lockModel(tx: Transaction, { projectId }: Actor, input: RegistrationInput) {
    const { store } = this.needs;
    if (input.alwaysNew) return store.holdModel(tx, projectId, input.model);
    const { model, created } = await store.lockModel(tx, projectId, input.model);
    if (created) await this.needs.outbox.append(tx, modelCreated(model));
    return model;
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
