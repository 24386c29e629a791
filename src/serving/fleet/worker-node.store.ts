import { MAX_WORKERS } from '../../kernel/worker-addresses';
import type { SqlRunner } from '../../kernel/database/sql';
import type { WorkerNodeId } from './worker-calls';

/** How often a worker says that it is there, in ms. */
export const HEARTBEAT_MS = 1_000;
/** Silence after which a worker counts as dead, in ms: a few beats, since one may wait behind a slow statement. */
export const DEAD_AFTER_MS = 5_000;
/** Silence after which a row goes, in ms: until then it tells whoever looks that there was a worker. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** What a worker process says of itself. */
export interface WorkerNodeFacts {
  readonly id: WorkerNodeId;
  readonly address: string;
  readonly provider: string | null;
  readonly workers: number;
  readonly budgetBytes: number;
  readonly usedBytes: number;
  readonly models: readonly string[];
}

/** One that left no word, and beats no more. */
export interface SilentRow {
  readonly address: string;
  readonly heartbeatAt: Date;
}

/** Most silent rows that are told of, the latest first: each pod that was killed leaves one. */
const MAX_SILENT = 20;

/** The rows by which `api` processes find workers. All ages are on the database's clock. */
export class WorkerNodeStore {
  constructor(private readonly sql: SqlRunner) {}

  async beat(node: WorkerNodeFacts): Promise<void> {
    const { id, address, provider, workers, budgetBytes, usedBytes, models } = node;
    await this.sql.query(
      `/* fleet.beat */ INSERT INTO worker_node (id, address, provider, workers, budget_bytes, used_bytes, models)
       VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
       ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), provider = excluded.provider, workers = excluded.workers,
         budget_bytes = excluded.budget_bytes, used_bytes = excluded.used_bytes, models = excluded.models`,
      [id, address, provider, workers, budgetBytes, usedBytes, JSON.stringify(models)],
    );
  }

  async remove(id: WorkerNodeId): Promise<void> {
    await this.sql.query('/* fleet.remove */ DELETE FROM worker_node WHERE id = $1', [id]);
  }

  async removeForgotten(): Promise<void> {
    await this.sql.query(
      `/* fleet.removeForgotten */ DELETE FROM worker_node WHERE heartbeat_at < now() - $1 * interval '1 millisecond'`,
      [FORGOTTEN_AFTER_MS],
    );
  }

  /** `host:port` of those that were heard of lately. */
  async addresses(): Promise<readonly string[]> {
    const rows = await this.sql.query<{ address: string }>(
      `/* fleet.addresses */ SELECT address FROM worker_node WHERE heartbeat_at > now() - $1 * interval '1 millisecond'
       ORDER BY started_at DESC LIMIT $2`,
      [DEAD_AFTER_MS, MAX_WORKERS],
    );
    return [...new Set(rows.map(({ address }) => address))];
  }

  /** Those that were not heard of lately, and have not left: under no address that another one has now. */
  silent(): Promise<readonly SilentRow[]> {
    return this.sql.query<SilentRow>(
      `/* fleet.silent */ SELECT address, max(heartbeat_at) AS "heartbeatAt" FROM worker_node
       GROUP BY address HAVING max(heartbeat_at) <= now() - $1 * interval '1 millisecond'
       ORDER BY max(heartbeat_at) DESC LIMIT $2`,
      [DEAD_AFTER_MS, MAX_SILENT],
    );
  }
}
