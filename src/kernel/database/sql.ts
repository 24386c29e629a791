import type { EntityTarget, ObjectLiteral } from 'typeorm';

/** How a statement is run. */
export interface StatementOptions {
  /**
   * A name, of this one text only: the database parses and plans the statement once for each connection. For what is
   * asked often and takes longer to plan than to do.
   */
  readonly prepareAs?: string;
}

/** Runs one SQL statement; every statement begins with a comment that names the method it stands in. */
export interface SqlRunner {
  query<Row>(sql: string, parameters?: readonly unknown[], options?: StatementOptions): Promise<Row[]>;
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

/** PostgreSQL has no text with U+0000: nothing has such a name, and asking would be an error. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();
