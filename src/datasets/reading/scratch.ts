import type * as DuckDb from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Unreadable } from './unreadable';

/**
 * Tables of more columns are kept in a file, in blocks of 16 kB. In memory each column has blocks of 256 kB, of which
 * two are in hand while rows are added: 100 MiB for so many, and a thousand would not fit.
 */
const MAX_COLUMNS_IN_MEMORY = 200;
const WIDE = 'wide';

/** A value as DuckDB's driver gives it to us: lists are arrays, maps are unused. */
export type Cell = string | number | bigint | boolean | null | readonly Cell[];

/**
 * A database of its own for one reading, in memory; what does not fit there goes to a folder that is removed at the
 * end. (In a file tables take twice the time, since they are compressed for later.) It may touch the files it was given
 * and that folder, nothing else: no network, no extensions, no settings afterwards.
 */
export class Scratch {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly folder: string,
  ) {}

  /**
   * @param files absolute paths that may be read
   * @param memoryMib of the database; what does not fit goes to the folder
   */
  static async open(folder: string, files: readonly string[], memoryMib: number): Promise<Scratch> {
    await mkdir(folder, { mode: 0o700 });
    const { DuckDBInstance } = driver();
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1', // the server's cores are for predictions
      memory_limit: `${memoryMib}MiB`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const scratch = new Scratch(instance, await instance.connect(), folder);
    const settings = [
      `SET temp_directory = ${text(join(folder, 'spilled'))}`,
      `SET allowed_paths = [${files.map(text).join(', ')}]`,
      `SET allowed_directories = [${text(`${folder}/`)}]`,
      'SET enable_external_access = false',
      `ATTACH ${text(join(folder, 'tables.db'))} AS ${WIDE} (BLOCK_SIZE 16384)`,
      'SET lock_configuration = true',
    ];
    for (const setting of settings) await scratch.run(setting);
    return scratch;
  }

  /** SQL of a table, made or not: where it is kept depends on its width. */
  tableOf(name: string, columnCount: number): string {
    return columnCount > MAX_COLUMNS_IN_MEMORY ? `${WIDE}.${name}` : name;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  /** All rows, of which there are few. */
  async rows(sql: string): Promise<readonly (readonly Cell[])[]> {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRowsJS() as Cell[][];
  }

  /** Of a statement that returns exactly one. */
  async row(sql: string): Promise<readonly Cell[]> {
    const [row] = await this.rows(sql);
    if (row === undefined) throw new Error('The statement returned no row.');
    return row;
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    this.instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What DuckDB says; its errors may be of another realm, so `instanceof` does not know them. */
export const messageOf = (error: unknown): string =>
  String((error as { readonly message?: unknown }).message);

/** A text of SQL. */
export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** A name of SQL. */
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Only when it is needed, so that its absence is an answer and not a process that does not start. */
export function driver(load: (name: string) => unknown = createRequire(__filename)): typeof DuckDb {
  try {
    return load('@duckdb/node-api') as typeof DuckDb;
  } catch (error) {
    const platform = `${process.platform} on ${process.arch}`;
    const [reason] = messageOf(error).split('\n');
    throw new Unreadable(
      'READER_MISSING',
      `This server cannot read data: DuckDB does not run here (${platform}: ${reason}). ` +
        'Register the version by uri and sha256, or on a server for Linux, macOS or Windows with x64 or arm64.',
    );
  }
}
