import { createHash, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { ArtifactUploadStore } from './artifact-upload.store';
import { ArtifactTooLarge, type Artifacts } from './artifacts';
import type { Artifact, Sha256 } from './artifact';
import type { Database } from '../database/database';
import { DRAFT_KEPT_MS, DraftLost, type DraftId, type DraftStore } from './drafts';
import {
  invalidInput,
  notFound,
  refuse,
  shorten,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../errors';
import { isUuid, newId, type ProjectId } from '../ids';
import type { Logger } from '../logger';
import { Periodic } from '../periodic';
import type { UploadId, StoredPart, Upload } from './artifact-upload';

/** Parts of one upload, as S3 has it: a file of 5 GiB in the smallest parts that clients send is a thousand. */
export const MAX_PARTS = 10_000;
/** Uploads of one project that are not joined: a client has as many as it has files on their way. */
export const MAX_OPEN_UPLOADS = 1_000;
/** How long an upload may take, in ms: less than its drafts are kept. */
const UPLOAD_LIFETIME_MS = DRAFT_KEPT_MS - 4 * 3_600_000;
const SWEEP_INTERVAL_MS = 600_000;
/** Uploads of one statement of a sweep. */
const UPLOADS_PER_SWEEP = 100;

/** A part as whoever has sent it knows it: its place from 1 on, and what its bytes hash to. */
export interface SentPart {
  readonly number: number;
  readonly sha256: string;
}

/** Who may send a part: somebody of the project, or whoever has the token. */
export type PartSender = { readonly projectId: ProjectId } | { readonly token: string };

type Refused = Refusal<NotFound | InvalidInput>;

/**
 * Artifacts that come in parts, in any order and by any server of the store. What is on its way is rows and drafts, so
 * a server that stops loses nothing; what is never finished goes after twenty hours.
 */
export class ArtifactUploads {
  private readonly store: ArtifactUploadStore;
  private readonly sweeps = new Periodic(() => this.sweep(), SWEEP_INTERVAL_MS);

  constructor(
    private readonly database: Database,
    private readonly artifacts: Artifacts,
    private readonly logger: Logger,
  ) {
    this.store = new ArtifactUploadStore(database);
  }

  start(): void {
    this.sweeps.start();
  }

  stop(): Promise<void> {
    return this.sweeps.stop();
  }

  /** @param place what is to be made of it; whoever joins it must say the same */
  async open(
    projectId: ProjectId,
    { place, partCount }: { readonly place: string; readonly partCount: number },
  ): Promise<{ readonly ok: true; readonly id: UploadId; readonly token: string } | Refused> {
    if ((await this.store.countOpen(projectId)) >= MAX_OPEN_UPLOADS) return refuse(tooManyUploads());
    const token = randomBytes(32).toString('base64url');
    const id = newId<'artifact_upload'>();
    const upload: Upload = {
      id,
      projectId,
      place,
      partCount,
      tokenHash: hash('sha256', token),
      sha256: null,
    };
    await this.database.transaction((tx) => this.store.add(tx, upload));
    return { ok: true, id, token };
  }

  /** Keeps a part; another one under its number takes its place. Throws `ArtifactTooLarge` or `StoreFull`. */
  async putPart(
    sender: PartSender,
    id: string,
    number: number,
    body: Readable,
  ): Promise<{ readonly ok: true; readonly sha256: Sha256 } | Refused> {
    const upload = await this.find(id);
    if (!upload || !maySend(sender, upload)) return refuse(noSuchUpload(id));
    if (number < 1 || number > upload.partCount)
      return refuse(wrong('part', `1 to ${upload.partCount}`, String(number)));
    const { maxBytes } = this.artifacts;
    const draftId = newId<'draft'>();
    const room = Math.max(0, maxBytes - (await this.store.sizeOfOthers(upload.id, number)));
    const { actual: sha256, sizeBytes } = await this.drafts
      .writeDraft(draftId, body, room)
      .catch((error: unknown) => {
        throw error instanceof ArtifactTooLarge ? new ArtifactTooLarge(maxBytes) : error;
      });
    let unneeded: DraftId | null = draftId;
    try {
      unneeded = await this.keepPart(upload, { number, draftId, sha256, sizeBytes });
    } finally {
      if (unneeded !== null) await this.drafts.removeDraft(unneeded);
    }
    return unneeded === draftId ? refuse(noSuchUpload(id)) : { ok: true, sha256 };
  }

  /**
   * Makes the parts one artifact, in their order. Asked again, it answers the same.
   *
   * @param sent all of the upload's parts
   */
  async join(
    projectId: ProjectId,
    { id, place, sent }: { readonly id: string; readonly place: string; readonly sent: readonly SentPart[] },
  ): Promise<{ readonly ok: true; readonly artifact: Artifact } | Refused> {
    const upload = await this.ownUpload(projectId, id, place);
    if (!upload) return refuse(noSuchUpload(id));
    if (upload.sha256 !== null) return this.known(projectId, upload.sha256, id);
    const parts = await this.store.parts(upload.id);
    const fault = faultOf(upload, parts, sent);
    if (fault) return refuse(fault);
    try {
      const whole = Readable.from(bytesOf(this.drafts, parts), { objectMode: false });
      const artifact = await this.artifacts.putUnnamed(projectId, whole);
      await this.removeDrafts(
        await this.database.transaction((tx) => this.store.joined(tx, upload.id, artifact.sha256)),
      );
      return { ok: true, artifact };
    } catch (error) {
      if (!(error instanceof DraftLost)) throw error;
      // Another call for the same may have joined it meanwhile, and removed them.
      const now = await this.store.find(upload.id);
      if (now?.sha256) return this.known(projectId, now.sha256, id);
      return refuse(wrong('parts', 'parts as they were sent; send the file again', error.message));
    }
  }

  /** Forgets an upload and its parts; one that is joined stays what it has become. */
  async abort(
    projectId: ProjectId,
    { id, place }: { readonly id: string; readonly place: string },
  ): Promise<{ readonly ok: true } | Refused> {
    const upload = await this.ownUpload(projectId, id, place);
    if (!upload) return refuse(noSuchUpload(id));
    await this.removeDrafts(
      await this.database.transaction(async (tx) => {
        const held = await this.store.hold(tx, upload.id);
        return held === null || held.sha256 !== null ? [] : this.store.remove(tx, [upload.id]);
      }),
    );
    return { ok: true };
  }

  /** Removes what was opened too long ago. Never throws: what cannot go now is old at the next sweep too. */
  async sweep(olderThanMs = UPLOAD_LIFETIME_MS): Promise<void> {
    try {
      for (let count = UPLOADS_PER_SWEEP; count === UPLOADS_PER_SWEEP && !this.sweeps.hasStopped;) {
        const drafts = await this.database.transaction(async (tx) => {
          const old = await this.store.holdOld(tx, olderThanMs, UPLOADS_PER_SWEEP);
          count = old.length;
          return old.length === 0 ? [] : this.store.remove(tx, old);
        });
        await this.removeDrafts(drafts);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'old uploads cannot be removed; tried again later');
    }
  }

  private get drafts(): DraftStore {
    return this.artifacts.drafts;
  }

  private find(id: string): Promise<Upload | null> {
    return isUuid(id) ? this.store.find(id as UploadId) : Promise.resolve(null);
  }

  private async ownUpload(projectId: ProjectId, id: string, place: string): Promise<Upload | null> {
    const upload = await this.find(id);
    return upload?.projectId === projectId && upload.place === place ? upload : null;
  }

  /** The draft that nobody needs any more: that of the part before, or of this one, where it came too late. */
  private keepPart(upload: Upload, part: StoredPart): Promise<DraftId | null> {
    return this.database.transaction(async (tx) => {
      const held = await this.store.hold(tx, upload.id);
      if (held === null || held.sha256 !== null) return part.draftId;
      const before = await this.store.putPart(tx, upload, part);
      // Others may have come while this one was read.
      const others = await new ArtifactUploadStore(tx).sizeOfOthers(upload.id, part.number);
      if (others + part.sizeBytes > this.artifacts.maxBytes)
        throw new ArtifactTooLarge(this.artifacts.maxBytes);
      return before;
    });
  }

  private async known(projectId: ProjectId, sha256: Sha256, id: string) {
    const artifact = await this.artifacts.find(projectId, sha256);
    return artifact ? { ok: true as const, artifact } : refuse(noSuchUpload(id));
  }

  private async removeDrafts(ids: readonly DraftId[]): Promise<void> {
    for (const id of ids) await this.drafts.removeDraft(id);
  }
}

const maySend = (sender: PartSender, { projectId, tokenHash }: Upload): boolean =>
  'projectId' in sender
    ? sender.projectId === projectId
    : timingSafeEqual(Buffer.from(hash('sha256', sender.token)), Buffer.from(tokenHash));

/** What is wrong with what the caller says of its parts; a file with a hole in it is nobody's wish. */
function faultOf(
  upload: Upload,
  parts: readonly StoredPart[],
  sent: readonly SentPart[],
): InvalidInput | null {
  if (sent.length !== upload.partCount)
    return wrong('parts', `all ${upload.partCount} parts`, `${sent.length} parts`);
  const byNumber = new Map(parts.map((part) => [part.number, part]));
  for (const [index, { number, sha256 }] of sent.entries()) {
    if (number !== index + 1) return wrong(`parts[${index}].part_number`, String(index + 1), String(number));
    const part = byNumber.get(number);
    if (!part) return wrong(`parts[${index}]`, 'a part that has been sent', `part ${number}, which has not`);
    if (part.sha256 !== sha256)
      return wrong(`parts[${index}].etag`, `the ETag of part ${number}`, `“${shorten(sha256)}”`);
  }
  return null;
}

/** The parts' bytes one after the other. Throws `DraftLost` where they are not what was sent. */
async function* bytesOf(drafts: DraftStore, parts: readonly StoredPart[]): AsyncGenerator<Buffer> {
  for (const { number, draftId, sha256 } of parts) {
    const actual = createHash('sha256');
    for await (const chunk of (await drafts.readDraft(draftId)) as AsyncIterable<Buffer>) {
      actual.update(chunk);
      yield chunk;
    }
    if (actual.digest('hex') !== sha256) throw new DraftLost(`part ${number}, which the store has damaged`);
  }
}

const noSuchUpload = (id: string): NotFound => notFound('upload', id);
const wrong = (path: string, expected: string, actual: string): InvalidInput =>
  invalidInput([{ path, expected, actual }]);
const tooManyUploads = (): InvalidInput =>
  wrong('uploads', `at most ${MAX_OPEN_UPLOADS} that are not complete`, 'one more; end or abort some');
