/** Longest path of a run's artifact, in characters; what file systems take, so that a download can be saved. */
export const MAX_PATH_LENGTH = 1_000;

/**
 * Why the text cannot be the path of an artifact inside its run; null where it can. A path is a name with slashes,
 * the same on every system: it never leaves the run, wherever a client saves it.
 */
export function artifactPathFault(path: string): string | null {
  if (path.length === 0 || path.length > MAX_PATH_LENGTH) return `1 to ${MAX_PATH_LENGTH} characters`;
  if (/\p{Cc}/u.test(path) || !path.isWellFormed()) return 'text without control characters';
  if (path.includes('\\')) return 'segments joined by /, without a backslash';
  if (path.startsWith('/')) return 'a relative path';
  if (/^[A-Za-z]:/.test(path)) return 'a relative path without a drive letter';
  if (path.split('/').some((segment) => ['', '.', '..'].includes(decoded(segment)))) {
    return 'segments other than “”, “.” and “..”';
  }
  return null;
}

/** `%2e%2e` is a way up for whoever decodes it later. */
const decoded = (segment: string) => segment.replace(/%2e/gi, '.');
