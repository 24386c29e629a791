import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchContent } from './batch';

const FILE_NAME = 'refused.jsonl';

/** What the server has refused, as lines of JSON for a person to look at. It is not sent again. */
export class Aside {
  readonly file: string;
  /** Requests that were put aside. */
  count: number;

  constructor(folder: string) {
    this.file = join(folder, FILE_NAME);
    this.count = linesIn(this.file);
  }

  /** On the disk when it returns. */
  put(content: BatchContent, code: string, message: string): void {
    const line = JSON.stringify({ at: new Date().toISOString(), code, message, content });
    appendFileSync(this.file, `${line}\n`, { mode: 0o600, flush: true });
    this.count += 1;
  }
}

function linesIn(file: string): number {
  try {
    return readFileSync(file, 'latin1').split('\n').length - 1;
  } catch {
    return 0;
  }
}
