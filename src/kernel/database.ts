import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { CircuitBreaker } from './circuit-breaker';
import { unavailable } from './errors';
import type { SqlRunner, Transaction } from './sql';

export type DatabaseEngine = 'embedded' | 'postgres';

/** PostgreSQL's and Node's codes for “there is nobody there”, as opposed to “your statement is wrong”. */
const CONNECTION_CODES =
  /^(08...|57P0[1-3]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)$/;
const CONNECTION_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|Client was closed|driver not connected|embedded database has stopped/i;

/**
 * The database: statements and transactions over one pool. A database that does not answer becomes
 * `UNAVAILABLE`, and then fails at once for a moment instead of letting every caller wait its turn.
 */
export class Database implements SqlRunner {
  private readonly breaker = new CircuitBreaker();

  constructor(
    readonly dataSource: DataSource,
    readonly engine: DatabaseEngine,
  ) {}

  /** Throws `UNAVAILABLE` where there is no database to open. */
  async open(): Promise<void> {
    await this.guarded(() => this.dataSource.initialize());
  }

  /**
   * Inside a transaction use its handle instead: the embedded database has one connection, and a second statement
   * would wait for it until the time is over.
   */
  query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.guarded(async () => {
      const runner = this.dataSource.createQueryRunner();
      try {
        return await runStatement<Row>(runner, sql, parameters);
      } finally {
        await runner.release();
      }
    });
  }

  /** Runs `work` in one transaction (READ COMMITTED) and then what it left to do after the commit. */
  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const afterCommit: (() => void)[] = [];
    const result = await this.guarded(() =>
      this.dataSource.transaction((manager) => work(transactionOver(manager, afterCommit))),
    );
    for (const action of afterCommit) action();
    return result;
  }

  /** Throws `UNAVAILABLE` where the database does not answer. */
  async ping(): Promise<void> {
    await this.query('/* database.ping */ SELECT 1');
  }

  stop(): Promise<void> {
    return this.dataSource.isInitialized ? this.dataSource.destroy() : Promise.resolve();
  }

  private async guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.breaker.isOpen()) throw unavailable('The database');
    try {
      const result = await work();
      this.breaker.succeeded();
      return result;
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      this.breaker.failed();
      throw unavailable('The database', { cause: error });
    }
  }
}

function transactionOver(manager: EntityManager, afterCommit: (() => void)[]): Transaction {
  const runner = manager.queryRunner;
  if (!runner) throw new Error('A transaction has a query runner.');
  return {
    query: <Row>(sql: string, parameters: readonly unknown[] = []) =>
      runStatement<Row>(runner, sql, parameters),
    insert: async <Entity extends ObjectLiteral>(
      label: string,
      entity: EntityTarget<Entity>,
      rows: Partial<Entity> | readonly Partial<Entity>[],
    ) => {
      const values = (Array.isArray(rows) ? rows : [rows]) as Parameters<
        ReturnType<typeof insertInto>['values']
      >[0];
      const insertInto = () =>
        manager.createQueryBuilder().insert().into(entity).comment(label).updateEntity(false);
      if (Array.isArray(values) && values.length > 0) await insertInto().values(values).execute();
    },
    afterCommit: (action) => void afterCommit.push(action),
  };
}

async function runStatement<Row>(
  runner: QueryRunner,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const result = await runner.query(sql, [...parameters], true);
  return result.records as Row[];
}

function isConnectionError(error: unknown): boolean {
  const { code, message } = ((error as { driverError?: unknown }).driverError ?? error) as {
    code?: string;
    message?: string;
  };
  return (
    (code !== undefined && CONNECTION_CODES.test(code)) ||
    (message !== undefined && CONNECTION_MESSAGES.test(message))
  );
}
