import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Artifacts } from '../kernel/artifacts';
import type { Clock } from '../kernel/clock';
import type { Page, PageRequest } from '../kernel/cursor';
import type { Database } from '../kernel/database';
import { refuse, type InvalidArtifact, type InvalidInput, type Refusal } from '../kernel/errors';
import { claimKey, rememberResult, type IdempotentRequest } from '../kernel/idempotency';
import { newId } from '../kernel/ids';
import type { Outbox } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/refusable-transaction';
import type { Transaction } from '../kernel/sql';
import { NotCsv, profileCsv, type CsvProfile } from './csv-profile';
import type { Dataset, DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
import { parseDatasetRef } from './dataset-ref';
import { artifactNotFound, notCsv } from './datasets.errors';
import { versionRegistered } from './datasets.events';
import { DatasetsQueries } from './datasets.queries';
import { DatasetsStore } from './datasets.store';
import {
  checkRegistration,
  checkSameTarget,
  checkTarget,
  type Registration,
  type RegisterVersionInput,
} from './registration';

export type { Dataset, DatasetColumn, DatasetId, DatasetVersion, DatasetVersionId } from './dataset';
export type { RegisterVersionInput } from './registration';

export interface DatasetsDependencies {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly artifacts: Artifacts;
  readonly clock: Clock;
}

export interface VersionRegistration {
  readonly ok: true;
  readonly version: DatasetVersion;
  /** False where the same data is a version already. */
  readonly created: boolean;
}
type RegisterResult = VersionRegistration | Refusal<InvalidArtifact | InvalidInput>;

/** Versions of data: what models are made from and measured on. */
export class Datasets {
  private readonly queries: DatasetsQueries;
  private readonly store = new DatasetsStore();

  constructor(private readonly dependencies: DatasetsDependencies) {
    this.queries = new DatasetsQueries(dependencies.database);
  }

  /** Keeps what the data is: its columns, their statistics, its hash. The same data again is the same version. */
  async registerVersion(actor: Actor, input: RegisterVersionInput): Promise<RegisterResult> {
    authorize(actor, 'dataset:write');
    const checked = checkRegistration(input);
    if (!checked.ok) return checked;
    const { registration } = checked;
    const same = await this.queries.sameData(actor.projectId, registration.dataset, registration);
    const profile = same ? { ok: true as const, csv: null } : await this.profile(actor, registration);
    if (!profile.ok) return profile;
    const wrongTarget = profile.csv && checkTarget(registration.target, profile.csv);
    if (wrongTarget) return refuse(wrongTarget);
    return refusableTransaction(this.dependencies.database, (tx) =>
      this.addVersion(tx, actor, input, registration, profile.csv),
    );
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

  async columnsByVersionIds(
    actor: Actor,
    ids: readonly DatasetVersionId[],
  ): Promise<(readonly DatasetColumn[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.columnsByVersionIds(actor.projectId, ids);
  }

  private async profile(
    actor: Actor,
    { sha256 }: Registration,
  ): Promise<{ ok: true; csv: CsvProfile | null } | Refusal<InvalidArtifact>> {
    if (sha256 === null) return { ok: true, csv: null };
    const artifact = await this.dependencies.artifacts.find(actor.projectId, sha256);
    if (!artifact) return refuse(artifactNotFound(sha256));
    try {
      return { ok: true, csv: await profileCsv(await this.dependencies.artifacts.read(artifact)) };
    } catch (error) {
      if (error instanceof NotCsv) return refuse(notCsv(error.message));
      throw error;
    }
  }

  private async addVersion(
    tx: Transaction,
    actor: Actor,
    input: RegisterVersionInput,
    registration: Registration,
    csv: CsvProfile | null,
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
      await rememberResult(tx, request, `${same.id} found`);
      return { ok: true, version: same, created: false };
    }
    const version = newVersion(actor, datasetId, registration, {
      number: await this.store.nextNumber(tx, datasetId),
      rowCount: csv?.rowCount ?? null,
      createdAt: this.dependencies.clock.now(),
    });
    await this.store.addVersion(tx, version, csv?.columns ?? []);
    await this.dependencies.outbox.append(tx, versionRegistered(version));
    await rememberResult(tx, request, `${version.id} created`);
    return { ok: true, version, created: true };
  }
}

function newVersion(
  { projectId }: Actor,
  datasetId: DatasetId,
  { dataset, sha256, uri, target }: Registration,
  made: { readonly number: number; readonly rowCount: number | null; readonly createdAt: Date },
): DatasetVersion {
  const ref = `${dataset}@${made.number}`;
  return { id: newId(), datasetId, projectId, ref, sha256, uri, target, ...made };
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
