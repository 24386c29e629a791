import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { FreezableProxy } from './freezable-proxy';
import { createServerDatabase, type ServerDatabase } from './run-databases';
import { ServerProcess } from './server-process';

interface WorkerRow {
  readonly id: string;
  readonly address: string;
  readonly models: readonly string[];
}

/** Processes of the built program in the roles `api` and `worker`, over one database and one store. */
export class FleetProcesses {
  private readonly running = new Set<ServerProcess>();

  private constructor(
    private readonly folder: string,
    private readonly database: ServerDatabase,
    private readonly client: Client,
    private readonly proxy: FreezableProxy,
    private readonly url: string,
  ) {}

  static async open(): Promise<FleetProcesses> {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-fleet-'));
    const database = await createServerDatabase();
    const url = new URL(database.url);
    const client = new Client({ connectionString: url.toString() });
    await client.connect();
    const proxy = await FreezableProxy.to(url.hostname, Number(url.port || 5432));
    Object.assign(url, { hostname: '127.0.0.1', port: String(proxy.port) });
    return new FleetProcesses(folder, database, client, proxy, url.toString());
  }

  async start(role: 'api' | 'worker', environment: Record<string, string> = {}): Promise<ServerProcess> {
    const process = await ServerProcess.start(this.folder, {
      ...{ DATABASE_URL: this.url, MODELGRAPH_ROLE: role },
      ...environment,
    });
    this.running.add(process);
    return process;
  }

  /** Ends it and waits for that. */
  async end(process: ServerProcess, signal: NodeJS.Signals): Promise<number | null> {
    this.running.delete(process);
    return process.kill(signal);
  }

  /** No statement is answered any more, as when the database's machine hangs. */
  freezeDatabase(): void {
    this.proxy.freeze();
  }

  thawDatabase(): void {
    this.proxy.thaw();
  }

  /** The rows by which workers are found. The database takes a moment, so that whoever asks again costs little. */
  async rows(): Promise<readonly WorkerRow[]> {
    const { rows } = await this.client.query<WorkerRow>(
      'SELECT id, address, models, pg_sleep(0.05) FROM worker_node',
    );
    return rows;
  }

  /** All rows are as old as those of workers that were killed a minute ago. */
  async ageRows(): Promise<void> {
    await this.client.query("UPDATE worker_node SET heartbeat_at = now() - interval '1 minute'");
  }

  /** Resolves when the worker holds so many models. */
  async holds({ grpcAddress }: ServerProcess, count: number): Promise<void> {
    while (
      !(await this.rows()).some(({ address, models }) => address === grpcAddress && models.length >= count)
    );
  }

  async token(): Promise<string> {
    return (await readFile(join(this.folder, 'worker.token'), 'utf8')).trim();
  }

  async stop(): Promise<void> {
    this.proxy.thaw();
    await Promise.all([...this.running].map((process) => process.kill('SIGKILL')));
    await this.client.end();
    this.proxy.close();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
