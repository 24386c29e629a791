import type { InputCheck } from '../../kernel/input-check';
import type { VersionFile } from '../versions/model-version';

/** Most files of one model: a large one in many shards has hundreds, and each has a row in the list. */
const MAX_FILES = 10_000;

/**
 * The bytes that stand for several: a list of files with their hashes, so that its own hash names every byte of them.
 * The same files give the same text, in whichever order they come.
 */
export function fileListText(files: readonly VersionFile[]): string {
  const sorted = sortedFiles(files).map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes }));
  return `${JSON.stringify({ files: sorted }, null, 1)}\n`;
}

/** By path, as bytes are compared, which is the same everywhere. */
export const sortedFiles = (files: readonly VersionFile[]): readonly VersionFile[] =>
  [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

export const checkFiles = (check: InputCheck, files: readonly VersionFile[]): InputCheck =>
  check.count('files', files.length, MAX_FILES);
