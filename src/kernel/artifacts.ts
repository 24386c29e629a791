import type { Readable } from 'node:stream';
import type { Database } from './database';
import type { ProjectId } from './ids';

/** The lower-case hexadecimal SHA-256 of an artifact's bytes: its only name. */
export type Sha256 = string & { readonly kind: 'sha256' };

export interface Artifact {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** A part of an artifact: from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where bytes are kept. A store knows no projects: the same bytes are kept once, whoever they belong to. */
export interface ArtifactStore {
  /** Reads `body` to its end and keeps it only if its hash is `sha256`. Throws `ArtifactTooLarge` or `StoreFull`. */
  write(
    sha256: Sha256,
    body: Readable,
    maxBytes: number,
  ): Promise<{ readonly actual: Sha256; readonly sizeBytes: number }>;
  /** The bytes, which are there: the caller ends or destroys the stream. Throws `ArtifactLost`. */
  read(artifact: Artifact, range?: ByteRange): Promise<Readable>;
  /** A file on this machine with the artifact's bytes, for programs that read files. Throws `ArtifactLost`. */
  localPath(sha256: Sha256): Promise<string>;
  /** Throws where nothing could be written now. */
  check(): Promise<void>;
}

export class ArtifactTooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super(`An artifact may have at most ${maxBytes} bytes.`);
  }
}

/** The disk is full: nothing was kept. */
export class StoreFull extends Error {}

/** The bytes of an artifact that is known are not where they were kept, or not all of them. */
export class ArtifactLost extends Error {
  readonly code = 'ARTIFACT_LOST';

  constructor(sha256: Sha256) {
    super(`The store has lost the bytes of ${sha256}. Restore its file, or send the bytes again.`);
  }
}

export type PutResult =
  | { readonly ok: true; readonly artifact: Artifact; readonly created: boolean }
  | { readonly ok: false; readonly actual: Sha256 };

/** Artifacts as projects see them: bytes belong to whoever has uploaded them, and to nobody else. */
export class Artifacts {
  constructor(
    private readonly database: Database,
    private readonly store: ArtifactStore,
    private readonly maxBytes: number,
  ) {}

  /** A project must send the bytes even where the store has them: knowing a hash is not owning what it names. */
  async put(projectId: ProjectId, sha256: Sha256, body: Readable): Promise<PutResult> {
    const { actual, sizeBytes } = await this.store.write(sha256, body, this.maxBytes);
    if (actual !== sha256) return { ok: false, actual };
    const inserted = await this.database.query<object>(
      `/* artifacts.put */ INSERT INTO artifact (project_id, sha256, size_bytes) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING sha256`,
      [projectId, sha256, sizeBytes],
    );
    return { ok: true, artifact: { sha256, sizeBytes }, created: inserted.length > 0 };
  }

  async find(projectId: ProjectId, sha256: Sha256): Promise<Artifact | null> {
    return (await this.findMany(projectId, [sha256]))[0] ?? null;
  }

  async findMany(projectId: ProjectId, sha256s: readonly Sha256[]): Promise<(Artifact | null)[]> {
    const rows = await this.database.query<{ sha256: Sha256; size_bytes: string }>(
      '/* artifacts.findMany */ SELECT sha256, size_bytes FROM artifact WHERE project_id = $1 AND sha256 = ANY($2)',
      [projectId, sha256s],
    );
    const found = new Map(
      rows.map((row) => [row.sha256, { sha256: row.sha256, sizeBytes: Number(row.size_bytes) }]),
    );
    return sha256s.map((sha256) => found.get(sha256) ?? null);
  }

  /** The caller ends or destroys the stream. Throws `ArtifactLost`. */
  read(artifact: Artifact, range?: ByteRange): Promise<Readable> {
    return this.store.read(artifact, range);
  }

  localPath(sha256: Sha256): Promise<string> {
    return this.store.localPath(sha256);
  }

  /** Throws where nothing could be written now. */
  check(): Promise<void> {
    return this.store.check();
  }
}

const SHA256 = /^[0-9a-f]{64}$/;

/** Null where the text is not a lower-case hexadecimal SHA-256. */
export const parseSha256 = (text: string): Sha256 | null => (SHA256.test(text) ? (text as Sha256) : null);
