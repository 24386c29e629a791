import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEGMENT_NAME } from './segment';

const FILE_NAME = 'spool.json';
const FORMAT = 'modelgraph-spool/1';

/** Whose points a spool has. The key of the server is not among it. */
export interface SpoolFacts {
  readonly runId: string;
  readonly runName: string;
  /** The server that the run was started on. */
  readonly url: string;
  readonly project: string | null;
}

export function writeFacts(folder: string, facts: SpoolFacts): void {
  const draft = join(folder, `${FILE_NAME}.new`);
  writeFileSync(draft, JSON.stringify({ format: FORMAT, ...facts }), { mode: 0o600, flush: true });
  renameSync(draft, join(folder, FILE_NAME));
}

/** Null where the folder is no spool of a format that we know. */
export function factsIn(folder: string): SpoolFacts | null {
  try {
    const { format, ...facts } = JSON.parse(readFileSync(join(folder, FILE_NAME), 'utf8')) as SpoolFacts & {
      readonly format: string;
    };
    return format === FORMAT && typeof facts.runId === 'string' ? facts : null;
  } catch {
    return null;
  }
}

/**
 * Whether a folder is a spool, though perhaps one whose facts are damaged. One that may not be looked into may be one.
 */
export function isSpool(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name === FILE_NAME || SEGMENT_NAME.test(name));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
