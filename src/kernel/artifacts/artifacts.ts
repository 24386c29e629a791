import type { Readable } from 'node:stream';
import { ArtifactRows } from './artifact-rows';
import type { Database } from '../database/database';
import type { DraftStore } from './drafts';
import { notNow } from '../errors';
import type { ProjectId } from '../ids';
import type { Sha256, Artifact } from './artifact';

/** A part of an artifact: from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file that stays where it is until it is released. */
export interface LocalFile {
  readonly path: string;
  /** Idempotent. */
  readonly release: () => void;
}

/** Where bytes are kept. A store knows no projects: the same bytes are kept once, whoever they belong to. */
export interface ArtifactStore extends DraftStore {
  /**
   * Reads `body` to its end and keeps it if its hash is `expected`, or nobody expects one. Throws `ArtifactTooLarge` or
   * `StoreFull`.
   */
  write(
    expected: Sha256 | null,
    body: Readable,
    maxBytes: number,
  ): Promise<{ readonly actual: Sha256; readonly sizeBytes: number }>;
  /** The bytes, which are there: the caller ends or destroys the stream. Throws `ArtifactLost`. */
  read(artifact: Artifact, range?: ByteRange): Promise<Readable>;
  /**
   * A file on this machine with the artifact's bytes, for programs that read files. It stays there until it is
   * released; whoever asked for it releases it. Throws `ArtifactLost`.
   */
  lease(sha256: Sha256): Promise<LocalFile>;
  /** Whether its bytes are there; not, whether they are all of them. */
  has(sha256: Sha256): Promise<boolean>;
  /** The bytes are gone then, as they may be already. Whoever reads them at that moment may read on or not. */
  remove(sha256: Sha256): Promise<void>;
  /** Throws where nothing could be written now. */
  check(): Promise<void>;
}

export class ArtifactTooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super(`An artifact may have at most ${maxBytes} bytes.`);
  }
}

/** The disk, or the bucket, is full: nothing was kept. */
export class StoreFull extends Error {}

/** The bytes of an artifact that is known are not where they were kept, or not all of them. */
export class ArtifactLost extends Error {
  readonly code = 'ARTIFACT_LOST';

  constructor(sha256: Sha256) {
    super(`The store has lost the bytes of ${sha256}. Restore them, or send them again.`);
  }
}

export type PutResult =
  | { readonly ok: true; readonly artifact: Artifact; readonly created: boolean }
  | { readonly ok: false; readonly actual: Sha256 };

/** Artifacts as projects see them: bytes belong to whoever has uploaded them, and to nobody else. */
export class Artifacts {
  private readonly rows: ArtifactRows;

  constructor(
    private readonly database: Database,
    private readonly store: ArtifactStore,
    readonly maxBytes: number,
  ) {
    this.rows = new ArtifactRows(database);
  }

  /** For what is not an artifact yet. */
  get drafts(): DraftStore {
    return this.store;
  }

  /** A project must send the bytes even where the store has them: knowing a hash is not owning what it names. */
  async put(projectId: ProjectId, sha256: Sha256, body: Readable): Promise<PutResult> {
    const { actual, sizeBytes } = await this.store.write(sha256, body, this.maxBytes);
    if (actual !== sha256) return { ok: false, actual };
    return { ok: true, ...(await this.add(projectId, { sha256, sizeBytes })) };
  }

  /** For senders who do not say what the bytes hash to: nobody can tell whether they arrived as they were sent. */
  async putUnnamed(projectId: ProjectId, body: Readable): Promise<Artifact> {
    const { actual, sizeBytes } = await this.store.write(null, body, this.maxBytes);
    return (await this.add(projectId, { sha256: actual, sizeBytes })).artifact;
  }

  /**
   * The bytes are in the store by now. Where somebody was removing the same ones meanwhile, they may be gone again: see
   * `artifact-collector.ts`.
   */
  private async add(projectId: ProjectId, artifact: Artifact) {
    const created = await this.database.transaction(async (tx) => {
      const removal = await this.rows.holdAgainstRemoval(tx, artifact.sha256);
      if (removal === 'under way') throw removedMeanwhile(artifact);
      if (removal === 'known' && !(await this.store.has(artifact.sha256))) throw removedMeanwhile(artifact);
      return this.rows.put(tx, projectId, artifact);
    });
    return { artifact, created };
  }

  async find(projectId: ProjectId, sha256: Sha256): Promise<Artifact | null> {
    return (await this.findMany(projectId, [sha256]))[0] ?? null;
  }

  /** Whoever finds an artifact has an hour to refer to it: so long it is not removed. */
  findMany(projectId: ProjectId, sha256s: readonly Sha256[]): Promise<(Artifact | null)[]> {
    return sha256s.length === 0 ? Promise.resolve([]) : this.rows.findMany(projectId, sha256s);
  }

  /** The caller ends or destroys the stream. Throws `ArtifactLost`. */
  read(artifact: Artifact, range?: ByteRange): Promise<Readable> {
    return this.store.read(artifact, range);
  }

  /** Whoever asked for it releases it. Throws `ArtifactLost`. */
  lease(sha256: Sha256): Promise<LocalFile> {
    return this.store.lease(sha256);
  }

  /** Does the work with a file on this machine that has the artifact's bytes. Throws `ArtifactLost`. */
  async withFile<Result>(sha256: Sha256, work: (path: string) => Promise<Result>): Promise<Result> {
    const file = await this.store.lease(sha256);
    try {
      return await work(file.path);
    } finally {
      file.release();
    }
  }

  /** Throws `ArtifactLost` where the bytes are gone. */
  async expect(sha256: Sha256): Promise<void> {
    if (!(await this.store.has(sha256))) throw new ArtifactLost(sha256);
  }

  /** Throws where nothing could be written now. */
  check(): Promise<void> {
    return this.store.check();
  }
}

const removedMeanwhile = ({ sha256 }: Artifact) =>
  notNow(`The same bytes were being removed while these arrived. Send ${sha256} again.`);

const SHA256 = /^[0-9a-f]{64}$/;

/** Null where the text is not a lower-case hexadecimal SHA-256. */
export const parseSha256 = (text: string): Sha256 | null => (SHA256.test(text) ? (text as Sha256) : null);
