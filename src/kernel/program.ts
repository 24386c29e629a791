import { extname } from 'node:path';

/**
 * How to start one of our own files as a child process or worker thread. Built programs are plain
 * JavaScript; under Jest the sources run as they are, so Node needs the TypeScript loader first.
 *
 * @param file absolute path without extension, for example `join(__dirname, 'worker-main')`
 */
export function program(file: string): { readonly path: string; readonly execArgv: readonly string[] } {
  const extension = extname(__filename);
  const execArgv = extension === '.ts' ? ['-r', require.resolve('@swc-node/register')] : [];
  return { path: `${file}${extension}`, execArgv };
}
