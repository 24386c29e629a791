import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../../kernel/bounded-map';
import type { Database } from '../../kernel/database/database';
import type { ProjectId } from '../../kernel/ids';
import { PredictionKeyStore } from './prediction-key.store';

/** Projects whose key is remembered; another one costs a statement. */
const MAX_REMEMBERED = 10_000;
/** As long as what HMAC-SHA256 gives: more would add nothing. */
const SECRET_BYTES = 32;

/** The keys that ids of predictions are signed with: one for each project, made when it is first needed, for good. */
export class PredictionKeys {
  private readonly known = new BoundedMap<ProjectId, Buffer>(MAX_REMEMBERED);
  private readonly store: PredictionKeyStore;

  constructor(database: Database) {
    this.store = new PredictionKeyStore(database);
  }

  /** From memory after the first time: routes are read while the database is there, and used while it is not. */
  async of(projectId: ProjectId): Promise<Buffer> {
    const known = this.known.get(projectId);
    if (known) return known;
    const secret = await this.store.keyOf(projectId, randomBytes(SECRET_BYTES));
    this.known.set(projectId, secret);
    return secret;
  }
}
