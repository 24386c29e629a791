import { copyFile, lstat, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Repository } from './git';
import { looksLikeSecretFile } from './secret-words';
import { changedSubmodules } from './submodules';

/** Largest diff that is kept, in bytes: more is data, not code. */
const MAX_DIFF_BYTES = 10 * 1024 ** 2;
/** Largest new file that goes into a diff, in bytes. */
const MAX_NEW_FILE_BYTES = 1024 ** 2;
/** Most new files of a diff. */
const MAX_NEW_FILES = 500;
/** Files left out that are told by name: the server's limit. */
const MAX_TOLD = 100;

export interface DirtyDiff {
  /** For `git apply`; null where there are no changes, or where they are too many. */
  readonly diff: Buffer | null;
  readonly isDirty: boolean;
  /** Changed files that the diff does not have. */
  readonly omittedFiles: readonly string[];
}

/** Submodules whose changes are looked at, those of submodules among them: each one costs some calls of git. */
const MAX_SUBMODULES = 50;

/** How git writes a diff, whatever is configured. What submodules have is asked of each of them. */
const DIFF = [
  ...['diff', '--binary', '--full-index', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'],
  ...['--no-relative', '--ignore-submodules=all'],
];

interface Wanted {
  readonly withNewFiles: boolean;
  /** Of files that this client has written into the repository. */
  readonly isOurs: (file: string) => boolean;
}

/**
 * The changes of tracked files, and new files that are not ignored, unless they are large or look like secrets; in
 * submodules too, as one diff for the top. New files are noted in a copy of the index, so that the repository stays as
 * it is. Null where git does not tell.
 */
export async function dirtyDiff(repository: Repository, wanted: Wanted): Promise<DirtyDiff | null> {
  const changes = new Changes(wanted);
  if (!(await changes.add({ repository, base: 'HEAD', prefix: '' }))) return null;
  const diff = Buffer.concat(changes.diffs);
  const isDirty = changes.omitted.length > 0 || diff.length > 0;
  return { diff: diff.length > 0 ? diff : null, isDirty, omittedFiles: told(changes.omitted) };
}

/** A repository, and where it lies in that of the run. */
interface Place {
  readonly repository: Repository;
  /** The commit that whoever checks out the run's commit has there. */
  readonly base: string;
  /** What stands before its paths: nothing, or the folder of a submodule, with a slash. */
  readonly prefix: string;
}

/** What a repository and the submodules in it have beyond their commits. */
class Changes {
  readonly diffs: Buffer[] = [];
  readonly omitted: string[] = [];
  private submodules = 0;

  constructor(private readonly wanted: Wanted) {}

  /** False where git does not tell. */
  async add(place: Place): Promise<boolean> {
    const { repository, base, prefix } = place;
    const listed = await repository.names(['ls-files', '--others', '--exclude-standard', '-z']);
    if (listed === null) return false;
    const files = listed.filter((file) => !this.wanted.isOurs(prefix + file));
    const { taken, omitted } = await sorted(repository.top, files, this.wanted.withNewFiles);
    this.omit(place, omitted);
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-index-'));
    try {
      const environment = { GIT_INDEX_FILE: join(folder, 'index') };
      await copyIndex(await indexOf(repository), environment.GIT_INDEX_FILE);
      if (taken.length > 0 && !(await note(repository, taken, environment))) this.omit(place, taken);
      const maxBytes = this.diffs.reduce((room, { length }) => room - length, MAX_DIFF_BYTES);
      const prefixes = [`--src-prefix=a/${prefix}`, `--dst-prefix=b/${prefix}`];
      const diff = await repository.bytes([...DIFF, ...prefixes, base], { environment, maxBytes });
      if (diff === null) {
        const names = ['diff', '--name-only', '--no-relative', '--ignore-submodules=all', '-z', base];
        const changed = await repository.names(names, { environment });
        if (changed === null) return false;
        this.omit(place, changed);
      } else this.diffs.push(diff);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await this.addSubmodules(place);
    return true;
  }

  /** Of those that have moved to another commit too: it may be on this machine only. */
  private async addSubmodules({ repository, base, prefix }: Place): Promise<void> {
    const changed = await changedSubmodules(repository, base);
    if (changed === null) this.omitted.push(`whatever has changed in submodules of ./${prefix}`);
    for (const { path, commit } of changed ?? []) {
      this.submodules += 1;
      const isWanted = commit !== null && this.submodules <= MAX_SUBMODULES;
      const inner = isWanted ? await Repository.at(join(repository.top, path)) : null;
      const place = inner && { repository: inner, base: commit ?? '', prefix: `${prefix}${path}/` };
      if (!place || !(await this.add(place))) this.omitted.push(prefix + path);
    }
  }

  private omit({ prefix }: Place, files: readonly string[]): void {
    this.omitted.push(...files.map((file) => prefix + file));
  }
}

/** Notes new files in an index, so that a diff has them. False where git refuses. */
async function note(
  repository: Repository,
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<boolean> {
  const add = ['add', '--intent-to-add', '--pathspec-from-file=-', '--pathspec-file-nul'];
  const input = files.map((file) => `${file}\0`).join('');
  return (await repository.bytes(['--literal-pathspecs', ...add], { environment, input })) !== null;
}

/**
 * With the time of the index, or somewhat before it: git looks again at files that have changed since then even where
 * their size and their time are the same. A repository to which nothing was ever added has no index.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  const known = await stat(from).catch(() => null);
  if (known === null) return;
  await copyFile(from, to);
  const seconds = Math.floor(known.mtimeMs / 1_000);
  await utimes(to, seconds, seconds);
}

async function indexOf(repository: Repository): Promise<string> {
  const path = await repository.text(['rev-parse', '--git-path', 'index']);
  return resolve(repository.top, path ?? '.git/index');
}

async function sorted(
  top: string,
  files: readonly string[],
  withNewFiles: boolean,
): Promise<{ readonly taken: string[]; readonly omitted: string[] }> {
  const taken: string[] = [];
  const omitted: string[] = [];
  for (const file of files) {
    const isRepository = file.endsWith('/'); // of its own, and no submodule: no diff has its files
    const mayCome =
      withNewFiles && taken.length < MAX_NEW_FILES && !isRepository && !looksLikeSecretFile(file);
    const isSmall = mayCome && (await sizeOf(join(top, file))) <= MAX_NEW_FILE_BYTES;
    (isSmall ? taken : omitted).push(file);
  }
  return { taken, omitted };
}

const sizeOf = (file: string): Promise<number> =>
  lstat(file).then(
    ({ size }) => size,
    () => Infinity,
  );

function told(files: readonly string[]): readonly string[] {
  const names = [...new Set(files)];
  if (names.length <= MAX_TOLD) return names;
  return [...names.slice(0, MAX_TOLD - 1), `and ${names.length - MAX_TOLD + 1} more`];
}
