import { stat } from 'node:fs/promises';
import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { ArtifactLost } from '../kernel/artifacts/artifacts';
import type { Sha256 } from '../kernel/artifacts/artifact';
import { refuse, type InvalidArtifact, type InvalidInput, type Refusal } from '../kernel/errors';
import { claimKey, rememberResult, type IdempotentRequest } from '../kernel/idempotency';
import { newId } from '../kernel/ids';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import type { Transaction } from '../kernel/database/sql';
import type { DataProfile } from './data-profile';
import type { DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
import type { DatasetsDependencies } from './datasets-dependencies';
import { artifactNotFound, unreadable } from './datasets.errors';
import { versionRegistered } from './datasets.events';
import { DatasetsQueries } from './datasets.queries';
import { DatasetsStore } from './datasets.store';
import { Unreadable } from './reading/unreadable';
import {
  checkRegistration,
  checkSameTarget,
  checkTarget,
  type Registration,
  type RegisterVersionInput,
} from './registration';
import { SharedReadings } from './shared-readings';
import { withSourceFile } from './version-file';

export interface VersionRegistration {
  readonly ok: true;
  readonly version: DatasetVersion;
  /** False where the same data is a version already. */
  readonly created: boolean;
}
export type RegisterResult = VersionRegistration | Refusal<InvalidArtifact | InvalidInput>;

/** What the bytes of a registration told; nothing where they lie elsewhere. */
interface Reading {
  readonly ok: true;
  readonly profile: DataProfile | null;
  readonly sizeBytes: number | null;
}
const UNREAD: Reading = { ok: true, profile: null, sizeBytes: null };

/** A version that only has to be written. */
export interface PreparedVersion {
  readonly ok: true;
  readonly input: RegisterVersionInput;
  readonly registration: Registration;
  readonly reading: Reading;
}

/** The use case `registerVersion`. */
export class VersionRegistrar {
  private readonly queries: DatasetsQueries;
  private readonly store = new DatasetsStore();
  private readonly artifactReadings = new SharedReadings<DataProfile>();
  private readonly sourceReadings = new SharedReadings<Reading>();

  constructor(private readonly dependencies: DatasetsDependencies) {
    this.queries = new DatasetsQueries(dependencies.database);
  }

  async register(actor: Actor, input: RegisterVersionInput): Promise<RegisterResult> {
    authorize(actor, 'dataset:write');
    const prepared = await this.prepare(actor, input);
    if (!prepared.ok) return prepared;
    return refusableTransaction(this.dependencies.database, (tx) => this.add(tx, actor, prepared));
  }

  /** Checks the input and reads the bytes: all that takes time, and changes nothing. */
  async prepare(
    actor: Actor,
    input: RegisterVersionInput,
  ): Promise<PreparedVersion | Refusal<InvalidArtifact | InvalidInput>> {
    const checked = checkRegistration(input, (uri) => this.dependencies.sources.covers(uri));
    if (!checked.ok) return checked;
    const { registration } = checked;
    const same = await this.queries.sameData(actor.projectId, registration.dataset, registration);
    const reading = same && !canComplete(same, registration) ? UNREAD : await this.read(actor, registration);
    if (!reading.ok) return reading;
    const wrongTarget = reading.profile && checkTarget(registration.target, reading.profile.columns);
    return wrongTarget ? refuse(wrongTarget) : { ok: true, input, registration, reading };
  }

  private async read(
    actor: Actor,
    { isUploaded, isAtSource, sha256, uri }: Registration,
  ): Promise<Reading | Refusal<InvalidArtifact>> {
    if (sha256 === null) return UNREAD;
    try {
      if (isUploaded) return await this.readArtifact(actor, sha256);
      return isAtSource && uri !== null ? await this.readSource(uri, sha256) : UNREAD;
    } catch (error) {
      if (error instanceof Unreadable) return refuse(unreadable(error));
      throw error;
    }
  }

  private async readArtifact(actor: Actor, sha256: Sha256): Promise<Reading | Refusal<InvalidArtifact>> {
    const { artifacts, reader } = this.dependencies;
    const artifact = await artifacts.find(actor.projectId, sha256);
    if (!artifact) return refuse(artifactNotFound(sha256));
    const profile = await this.artifactReadings.share(sha256, () =>
      artifacts.withFile(sha256, async (path) => {
        // A file that lost its end in the store is our fault, and must not look like the caller's.
        if ((await stat(path)).size !== artifact.sizeBytes) throw new ArtifactLost(sha256);
        return reader.perform({ kind: 'profile', path });
      }),
    );
    return { ok: true, profile, sizeBytes: artifact.sizeBytes };
  }

  private readSource(uri: string, sha256: Sha256): Promise<Reading> {
    const { sources, reader } = this.dependencies;
    return this.sourceReadings.share(`${sha256} ${uri}`, () =>
      withSourceFile(sources, uri, sha256, async ({ path, sizeBytes }) => {
        return { ok: true, profile: await reader.perform({ kind: 'profile', path }), sizeBytes };
      }),
    );
  }

  /**
   * Makes the version, or finds it. Holds the dataset's row: whoever adds several in one transaction goes by the
   * datasets' names, so that no two wait for each other.
   */
  async add(
    tx: Transaction,
    actor: Actor,
    { input, registration, reading }: PreparedVersion,
  ): Promise<RegisterResult> {
    const { projectId } = actor;
    const queries = new DatasetsQueries(tx);
    const request = idempotentRequest(actor, input);
    const first = await claimKey(tx, request);
    if (first.kind === 'mismatch') return refuse(first.error);
    if (first.kind === 'replay') return replay(queries, actor, first.reference);
    const datasetId = await this.store.lockDataset(tx, projectId, registration.dataset);
    const same = await queries.sameData(projectId, registration.dataset, registration);
    if (same) {
      const wrongTarget = checkSameTarget(registration.target, same);
      if (wrongTarget) return refuse(wrongTarget);
      const version = await this.completed(tx, same, reading);
      await rememberResult(tx, request, `${version.id} found`);
      return { ok: true, version, created: false };
    }
    const version = newVersion(actor, datasetId, registration, reading, {
      number: await this.store.nextNumber(tx, datasetId),
      createdAt: this.dependencies.clock.now(),
    });
    await this.store.addVersion(tx, version, reading.profile?.columns ?? []);
    await this.store.setTags(tx, version, registration.tags);
    await this.dependencies.outbox.append(tx, versionRegistered(version));
    await rememberResult(tx, request, `${version.id} created`);
    return { ok: true, version, created: true };
  }

  /** What was only known by its hash is read once its bytes come. */
  private async completed(tx: Transaction, same: DatasetVersion, reading: Reading): Promise<DatasetVersion> {
    if (same.format !== null || reading.profile === null) return same;
    const { profile, sizeBytes } = reading;
    const { format, rowCount, columns } = profile;
    const version = { ...same, format, rowCount, sizeBytes };
    await this.store.completeVersion(tx, version, columns);
    return version;
  }
}

const canComplete = (same: DatasetVersion, { isUploaded, isAtSource }: Registration) =>
  (isUploaded || isAtSource) && same.format === null;

function newVersion(
  { projectId }: Actor,
  datasetId: DatasetId,
  { dataset, sha256, uri, target, description, declaredColumns, ...declared }: Registration,
  { profile, sizeBytes }: Reading,
  made: { readonly number: number; readonly createdAt: Date },
): DatasetVersion {
  const ref = `${dataset}@${made.number}`;
  const named = { id: newId<'dataset_version'>(), datasetId, projectId, ref, ...made };
  const data = {
    format: profile?.format ?? null,
    sizeBytes: sizeBytes ?? declared.sizeBytes,
    rowCount: profile?.rowCount ?? declared.rowCount,
  };
  const columns = { declaredColumns: profile ? [] : declaredColumns };
  return { ...named, ...data, sha256, uri, target, ...columns, description };
}

const idempotentRequest = ({ projectId }: Actor, input: RegisterVersionInput): IdempotentRequest => {
  const { idempotencyKey, ...rest } = input;
  return { projectId, operation: 'registerDatasetVersion', key: idempotencyKey, input: rest };
};

/** The reference is the version's id and whether the first call has created it. */
async function replay(
  queries: DatasetsQueries,
  actor: Actor,
  reference: string,
): Promise<VersionRegistration> {
  const [id, how] = reference.split(' ');
  const [version] = await queries.versionsByIds(actor.projectId, [id as DatasetVersionId]);
  if (!version) throw new Error('A version that was made is never deleted.');
  return { ok: true, version, created: how === 'created' };
}
