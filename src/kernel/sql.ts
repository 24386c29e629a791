import type { EntityTarget, ObjectLiteral } from 'typeorm';

/** Runs one SQL statement; every statement begins with a comment that names the method it stands in. */
export interface SqlRunner {
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction: what is written through it is kept whole or not at all. */
export interface Transaction extends SqlRunner {
  /** Inserts rows through their entity, so that the columns are checked by the compiler. */
  insert<Entity extends ObjectLiteral>(
    label: string,
    entity: EntityTarget<Entity>,
    rows: Partial<Entity> | readonly Partial<Entity>[],
  ): Promise<void>;
  /** Runs `action` once the transaction has committed; never when it did not. */
  afterCommit(action: () => void): void;
}
