import type { Repository } from './git';

export interface ChangedSubmodule {
  readonly path: string;
  /** What whoever checks out the commit has there; null where the commit has no submodule there. */
  readonly commit: string | null;
}

/** How git writes that something is a submodule. */
const SUBMODULE = '160000';
/** What `git diff --raw` says before each path: modes and hashes before and now, and what has become of it. */
const ENTRY = /^:(\d+) (\d+) ([0-9a-f]+) [0-9a-f]+ [A-Z]$/;

/**
 * Submodules that are at another commit, or have changes or new files, or came or went; null where git does not tell.
 */
export async function changedSubmodules(
  repository: Repository,
  base: string,
): Promise<readonly ChangedSubmodule[] | null> {
  const asked = ['diff', '--raw', '--no-abbrev', '--no-renames', '--no-relative', '--ignore-submodules=none'];
  const words = await repository.names([...asked, '-z', base]);
  return words && words.flatMap((word, at) => (at % 2 === 0 ? submoduleIn(word, words[at + 1] ?? '') : []));
}

function submoduleIn(entry: string, path: string): readonly ChangedSubmodule[] {
  const [, before, now, hash = ''] = ENTRY.exec(entry) ?? [];
  if (before !== SUBMODULE && now !== SUBMODULE) return [];
  return [{ path, commit: before === SUBMODULE && now === SUBMODULE ? hash : null }];
}
