import { copyFileSync, existsSync, mkdtempSync, openSync, readSync, closeSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { CommandFailed } from '../../command';
import type { JsonObject } from '../json-fields';

export type Value = string | number | bigint | null;

/** Where a database says in which way it is written; 2 is a write-ahead log. */
const VERSION_AT = 18;
const WRITE_AHEAD = 2;

/**
 * A file of SQLite's, to be read. Its pages are read as they are needed, so its size does not matter. One with a
 * write-ahead log cannot be read without being written to: it is copied, and the copy read.
 */
export class SqliteFile {
  private readonly database: Database;
  private readonly copyFolder: string | null;
  private readonly tables: ReadonlySet<string>;

  constructor(private readonly path: string) {
    if (!existsSync(path)) throw new CommandFailed(`There is no file ${path}.`);
    this.copyFolder = hasWriteAheadLog(path) ? copyOf(path) : null;
    try {
      this.database = this.opened();
      const rows = this.database.all("SELECT name FROM sqlite_master WHERE type = 'table'") as JsonObject[];
      this.tables = new Set(rows.map(({ name }) => String(name)));
    } catch (error) {
      this.removeCopy();
      throw this.failed(error);
    }
  }

  /** None where there is no such table: older releases of MLflow have fewer. */
  rows(table: string, sql: string, values: readonly Value[] = []): readonly JsonObject[] {
    if (!this.tables.has(table)) return [];
    try {
      return this.database.all(sql, [...values]);
    } catch (error) {
      throw this.failed(error);
    }
  }

  has = (table: string): boolean => this.tables.has(table);

  close(): void {
    this.database.close();
    this.removeCopy();
  }

  private opened(): Database {
    if (this.copyFolder === null) return new Database(this.path, { readOnly: true, fileMustExist: true });
    const database = new Database(join(this.copyFolder, basename(this.path)), { fileMustExist: true });
    database.exec('PRAGMA locking_mode = exclusive'); // without it the log needs memory that processes share
    return database;
  }

  private removeCopy(): void {
    if (this.copyFolder !== null) rmSync(this.copyFolder, { recursive: true, force: true });
  }

  private failed(error: unknown): CommandFailed {
    const { message } = error as Error;
    const advice = message.includes('locked')
      ? ` If nobody else reads it, an import that was killed has left ${this.path}.lock: delete that folder.`
      : ' Where MLflow’s server writes it just now, import from the server.';
    return new CommandFailed(`${this.path} cannot be read: ${message}.${advice}`);
  }
}

function hasWriteAheadLog(path: string): boolean {
  const head = Buffer.alloc(VERSION_AT + 2);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head[VERSION_AT] === WRITE_AHEAD || head[VERSION_AT + 1] === WRITE_AHEAD;
}

/** The folder that it is in, for whoever reads it to delete. */
function copyOf(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-import-'));
  for (const suffix of ['', '-wal'])
    if (existsSync(`${path}${suffix}`))
      copyFileSync(`${path}${suffix}`, join(folder, `${basename(path)}${suffix}`));
  return folder;
}
