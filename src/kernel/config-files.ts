import { closeSync, fstatSync, openSync } from 'node:fs';

/** A file that a setting names. */
interface NamedFile {
  readonly setting: string;
  /** Null: there is none. */
  readonly path: string | null;
  /** It is made when it is first needed. */
  readonly isMade: boolean;
}

/** What is wrong with files of which some are read only much later. */
export function checkFiles(files: readonly NamedFile[], problems: string[]): void {
  for (const { setting, path, isMade } of files) {
    const why = path === null ? null : whyUnreadable(path, isMade);
    if (why !== null) problems.push(`${setting}: ${path} cannot be read: ${why}.`);
  }
}

function whyUnreadable(path: string, isMade: boolean): string | null {
  try {
    const file = openSync(path, 'r');
    const isFile = fstatSync(file).isFile();
    closeSync(file);
    return isFile ? null : 'it is no file';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return isMade ? null : 'there is no such file';
    return code === 'EACCES' ? 'this user may not' : message;
  }
}
