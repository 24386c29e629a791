import type { Database } from './kernel/database/database';

export interface Platform {
  readonly url: string;
  readonly grpcUrl: string;
  /** For what the API has no operations for: keys and projects are rows yet. */
  readonly database: Database;
  /** Idempotent; resolves when nothing of the platform runs any more. */
  stop(): Promise<void>;
}
