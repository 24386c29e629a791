import type { Duplex } from 'node:stream';
import {
  QueryRunnerAlreadyReleasedError,
  type DataSource,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
} from 'typeorm';
import { CircuitBreaker } from '../circuit-breaker';
import { QUERY_TIMEOUT_MS } from './data-source';
import { notNow, type Failure } from '../errors';
import { DatabaseAway } from './database-away';
import type { SqlRunner, StatementOptions, Transaction } from './sql';

/** What pg's pool tells of itself. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export type DatabaseEngine = 'embedded' | 'postgres';

/** PostgreSQL's and Node's codes for “there is nobody there”, as opposed to “your statement is wrong”. */
const CONNECTION_CODES =
  /^(08...|57P0.|25P03|53300|EMFILE|ENFILE|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)$/;
const CONNECTION_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|Client was closed|driver not connected|embedded database has stopped/i;

/** What the database refuses by these codes, it may do later: it is there, and others are served meanwhile. */
const PASSING_REFUSALS = [
  {
    codes: /^57014$/, // the statement was cancelled: its time was over
    message: `This took the database longer than ${QUERY_TIMEOUT_MS / 1_000} s. Ask for less, or try again shortly.`,
  },
  {
    codes: /^(40001|40P01|55P03)$/, // serialization failure, deadlock, lock not available
    message: 'Another call was changing the same things. Nothing was kept; try again.',
  },
  {
    codes: /^53...$/, // insufficient resources
    message: 'The database is short of disk space or memory. Try again shortly.',
  },
] as const;

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
  query<Row>(
    sql: string,
    parameters: readonly unknown[] = [],
    options: StatementOptions = {},
  ): Promise<Row[]> {
    return this.guarded(() =>
      this.withConnection((runner) => runStatement<Row>(runner, sql, parameters, options)),
    );
  }

  /** Runs `work` in one transaction (READ COMMITTED) and then what it left to do after the commit. */
  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const afterCommit: (() => void)[] = [];
    const result = await this.guarded(() =>
      this.withConnection(async (runner) => {
        await runner.startTransaction();
        try {
          const done = await work(transactionOver(runner, afterCommit));
          await runner.commitTransaction();
          return done;
        } catch (error) {
          if (!isConnectionError(error)) await runner.rollbackTransaction();
          throw error;
        }
      }),
    );
    for (const action of afterCommit) action();
    return result;
  }

  /** Connections of this process' pool, and statements that wait for one. */
  connections(): { readonly used: number; readonly idle: number; readonly waiting: number } {
    const { master } = this.dataSource.driver as unknown as { readonly master?: Partial<Pool> };
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = master ?? {};
    return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** Whether no call has been answered since one was not. */
  isAway(): boolean {
    return this.breaker.hasFailed;
  }

  /** Throws `UNAVAILABLE` where the database does not answer. */
  async ping(): Promise<void> {
    await this.query('/* database.ping */ SELECT 1');
  }

  stop(): Promise<void> {
    return this.dataSource.isInitialized ? this.dataSource.destroy() : Promise.resolve();
  }

  /**
   * A connection that did not answer may still be inside a transaction, and would carry the next caller's statements
   * into it: it is closed, never given back.
   */
  private async withConnection<Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return await work(runner);
    } catch (error) {
      if (isConnectionError(error)) await closeConnection(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  private async guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.breaker.isOpen()) throw new DatabaseAway();
    try {
      const result = await work();
      this.breaker.succeeded();
      return result;
    } catch (error) {
      if (isConnectionError(error)) {
        this.breaker.failed();
        throw new DatabaseAway({ cause: error });
      }
      this.breaker.succeeded(); // whatever it says, it answers
      throw passingRefusal(error) ?? error;
    }
  }
}

function transactionOver(runner: QueryRunner, afterCommit: (() => void)[]): Transaction {
  return {
    query: <Row>(sql: string, parameters: readonly unknown[] = [], options: StatementOptions = {}) =>
      runStatement<Row>(runner, sql, parameters, options),
    insert: async <Entity extends ObjectLiteral>(
      label: string,
      entity: EntityTarget<Entity>,
      rows: Partial<Entity> | readonly Partial<Entity>[],
    ) => {
      const values = (Array.isArray(rows) ? rows : [rows]) as Parameters<
        ReturnType<typeof insertInto>['values']
      >[0];
      const insertInto = () =>
        runner.manager.createQueryBuilder().insert().into(entity).comment(label).updateEntity(false);
      if (Array.isArray(values) && values.length > 0) await insertInto().values(values).execute();
    },
    afterCommit: (action) => void afterCommit.push(action),
  };
}

/** Closes the socket itself: a goodbye would wait behind the statement that is not answered. */
async function closeConnection(runner: QueryRunner): Promise<void> {
  const client = (await runner.connect().catch(() => null)) as { connection?: { stream?: Duplex } } | null;
  client?.connection?.stream?.destroy();
}

async function runStatement<Row>(
  runner: QueryRunner,
  sql: string,
  parameters: readonly unknown[],
  { prepareAs }: StatementOptions,
): Promise<Row[]> {
  // TypeORM hands what it is given to the driver, which takes a named statement as an object.
  const statement = prepareAs === undefined ? sql : ({ text: sql, name: prepareAs } as unknown as string);
  const result = await runner.query(statement, [...parameters], true);
  return result.records as Row[];
}

function passingRefusal(error: unknown): Failure | null {
  const { code = '' } = driverError(error);
  const refusal = PASSING_REFUSALS.find(({ codes }) => codes.test(code));
  return refusal ? notNow(refusal.message, { cause: error }) : null;
}

const driverError = (error: unknown) =>
  ((error as { driverError?: unknown }).driverError ?? error) as { code?: string; message?: string };

function isConnectionError(error: unknown): boolean {
  // A connection that breaks between two statements of a transaction is released by TypeORM itself, without a word of
  // why: the next statement, or the rollback, is what finds it gone.
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  const { code, message } = driverError(error);
  return (
    (code !== undefined && CONNECTION_CODES.test(code)) ||
    (message !== undefined && CONNECTION_MESSAGES.test(message))
  );
}
