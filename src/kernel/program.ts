import { extname, join, relative } from 'node:path';

/**
 * How Node runs one of our own files as a child process or worker thread: as it was built. Under Jest the sources run
 * as they are, and what they start was built before the tests.
 *
 * @param file absolute path without extension, for example `join(__dirname, 'worker-main')`
 */
export function program(file: string): string {
  const root = join(__dirname, '../..');
  return extname(__filename) === '.ts' ? join(root, 'dist', `${relative(root, file)}.js`) : `${file}.js`;
}
