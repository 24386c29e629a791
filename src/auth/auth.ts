import type { Actor } from '../kernel/actor';
import type { Database } from '../kernel/database/database';
import { BoundedMap } from '../kernel/bounded-map';
import { Failure, unauthenticated } from '../kernel/errors';
import type { ProjectId } from '../kernel/ids';
import type { Logger } from '../kernel/logger';
import { readKeyFile, writeNewKeyFile } from './admin-key-file';
import { hashApiKey, isPlausibleKey } from './api-key';
import { AuthQueries, type StoredKey } from './auth.queries';
import { AuthStore } from './auth.store';
import { ConnectionHashes } from './connection-hashes';
import { CredentialCache } from './credential-cache';

export { authorize, mayDo, requires } from './permissions';

/** Names of projects that are remembered. */
const MAX_NAMES = 1_000;
const BEARER = /^Bearer +(\S+) *$/i;
/**
 * Of RFC 7617: a name and a password in base64. The key is the password; the name is whatever the client calls itself.
 */
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** Who is calling. */
export class Auth {
  private readonly store = new AuthStore();
  private readonly queries: AuthQueries;
  private readonly credentials: CredentialCache;
  private readonly hashes = new ConnectionHashes(hashOfCredential);
  private readonly names = new BoundedMap<ProjectId, string>(MAX_NAMES);

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {
    this.queries = new AuthQueries(database);
    this.credentials = new CredentialCache((hash) => this.queries.keyByHash(hash));
  }

  /**
   * Makes sure that there is an admin key. A key file that exists is taken as it is; else whoever finds no key at
   * all makes one. The file is written before the row: a crash in between leaves a file that the next start takes.
   */
  async ensureAdminKey(keyFile: string): Promise<void> {
    const isNew = await this.database.transaction(async (tx) => {
      await this.store.lockKeys(tx);
      const projectId = await this.store.ensureDefaultProject(tx);
      const fromFile = await readKeyFile(keyFile);
      if (fromFile === null && (await this.store.countKeys(tx)) > 0) return false;
      const key = fromFile ?? (await writeNewKeyFile(keyFile));
      return this.store.addKey(tx, { projectId, name: 'admin', hash: hashApiKey(key), role: 'admin' });
    });
    if (isNew) this.logger.info({ adminKeyFile: keyFile }, 'the admin key is in this file');
  }

  /**
   * The caller behind an `Authorization` header; throws UNAUTHENTICATED. Answers without a promise where the key is
   * known, since every prediction passes here.
   *
   * @param projectName the header `x-modelgraph-project`: an admin's key may name another project
   * @param connection what the call came by; those who call again and again on it mostly use the same key
   */
  authenticate(
    authorization: string | undefined,
    projectName?: string,
    connection?: object,
  ): Actor | Promise<Actor> {
    const hash = connection ? this.hashes.of(connection, authorization) : hashOfCredential(authorization);
    const stored = this.credentials.get(hash);
    if (stored instanceof Promise) return stored.then((found) => this.actorOf(found, projectName));
    return this.actorOf(stored, projectName);
  }

  /**
   * As `authenticate`, but reads the key again, however lately that was done: for whoever lets a caller stay. While the
   * database is away, a known key stays valid.
   */
  async authenticateAgain(authorization: string | undefined, projectName?: string): Promise<Actor> {
    return this.actorOf(await this.credentials.reread(hashOfCredential(authorization)), projectName);
  }

  /** The names of projects that there are; where the database is away, of those that were asked for before. */
  async projectNames(ids: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, string>> {
    const unknown = ids.filter((id) => this.names.get(id) === undefined);
    if (unknown.length > 0) {
      const found = await this.queries.projectNames(unknown).catch((error: unknown) => {
        this.logger.debug({ err: error }, 'the names of projects could not be read');
        return [];
      });
      for (const { id, name } of found) this.names.set(id, name);
    }
    return new Map(ids.map((id) => [id, this.names.get(id) ?? id]));
  }

  private actorOf(key: StoredKey | null, projectName: string | undefined): Actor | Promise<Actor> {
    if (!key) throw unauthenticated();
    const actor: Actor = { keyId: key.id, keyName: key.name, role: key.role, projectId: key.projectId };
    return projectName === undefined ? actor : this.inProject(actor, projectName);
  }

  private async inProject(actor: Actor, projectName: string): Promise<Actor> {
    if (actor.role !== 'admin') throw new Failure('FORBIDDEN', 'Only an admin key may name a project.');
    const projectId = await this.queries.projectByName(projectName);
    if (projectId === null)
      throw new Failure('FORBIDDEN', 'There is no such project, or it is hidden from this key.');
    return { ...actor, projectId };
  }
}

function hashOfCredential(authorization = ''): string {
  const key = BEARER.exec(authorization)?.[1] ?? passwordIn(authorization);
  if (key === undefined || !isPlausibleKey(key)) throw unauthenticated();
  return hashApiKey(key);
}

function passwordIn(authorization: string): string | undefined {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colonAt = text.indexOf(':');
  return colonAt < 0 ? undefined : text.slice(colonAt + 1);
}
