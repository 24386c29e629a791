import { realpathSync } from 'node:fs';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { dirtyDiff } from './dirty-diff';
import { Repository } from './git';
import { withoutSecrets } from './secret-words';

/** What is known of the code, as the server takes it. */
export interface CodeFacts {
  readonly repository?: string;
  readonly commit?: string;
  readonly branch?: string;
  readonly pushed?: boolean;
  readonly dirty?: boolean;
  readonly omittedFiles?: readonly string[];
  readonly entryPoint?: string;
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
}

export interface FoundCode {
  readonly facts: CodeFacts;
  readonly diff: Buffer | null;
  /** Top of the repository, else the working folder: what paths are relative to. */
  readonly top: string;
}

export interface CodeWanted {
  readonly folder: string;
  readonly command: readonly string[] | null;
  readonly withDiff: boolean;
  readonly withNewFiles: boolean;
  /** Where this client keeps what it has not sent, by its whole path. */
  readonly spool: string;
}

/** The commit, its remote, the changes beyond it, and the command. Never throws for what is not there. */
export async function codeFacts(wanted: CodeWanted): Promise<FoundCode> {
  const folder = realpathSync(wanted.folder);
  const repository = await Repository.of(folder);
  const top = repository?.top ?? folder;
  const place = inside(top, folder) ?? '.';
  const command = commandFacts(wanted.command, folder, top);
  const hasPlace = repository !== null || command.command !== undefined;
  const facts = { ...command, ...(hasPlace && { workingDirectory: slashed(place) || '.' }) };
  if (!repository) return { facts, diff: null, top };
  const [commit, branch] = await Promise.all([
    repository.text(['rev-parse', '--verify', '--quiet', 'HEAD']),
    repository.text(['symbolic-ref', '--quiet', '--short', 'HEAD']),
  ]);
  const [remote, changes] = await Promise.all([
    repository.remote(branch),
    wanted.withDiff && commit ? changesOf(repository, wanted) : null,
  ]);
  const pushed = remote && commit ? await isPushed(repository, remote.name, commit) : null;
  return {
    facts: {
      ...facts,
      ...(remote && { repository: remote.address }),
      ...(commit && { commit }),
      ...(branch && { branch }),
      ...(pushed !== null && { pushed }),
      ...(changes && { dirty: changes.isDirty, omittedFiles: changes.omittedFiles }),
    },
    diff: changes?.diff ?? null,
    top,
  };
}

function changesOf(repository: Repository, { withNewFiles, spool }: CodeWanted) {
  const isOurs = (file: string) =>
    file.startsWith('.modelgraph/') || inside(spool, join(repository.top, file)) !== null;
  return dirtyDiff(repository, { withNewFiles, isOurs });
}

/** Whether a branch of the remote had the commit when it was last heard of. */
async function isPushed(repository: Repository, remote: string, commit: string): Promise<boolean | null> {
  const asked = ['for-each-ref', '--count=1', '--format=x', `--contains=${commit}`, `refs/remotes/${remote}`];
  const found = await repository.bytes(asked);
  return found && found.length > 0;
}

function commandFacts(
  command: readonly string[] | null,
  folder: string,
  top: string,
): Pick<CodeFacts, 'command' | 'entryPoint'> {
  if (!command || command.length === 0) return {};
  const entryPoint = entryPointOf(command, folder, top);
  return { command: withoutSecrets(command), ...(entryPoint !== null && { entryPoint }) };
}

/** The first word that is a file: of an interpreter what it interprets, else the program itself. */
function entryPointOf([program = '', ...words]: readonly string[], folder: string, top: string) {
  const isInterpreter = /^(python|node|deno|bun|Rscript|julia|bash|sh)[\d.]*(\.exe)?$/.test(
    basename(program),
  );
  const word = isInterpreter ? words.find((one) => !one.startsWith('-')) : program;
  if (!word) return null;
  const path = isAbsolute(word) ? word : join(folder, word);
  return slashed(inside(top, path) ?? word);
}

/** The command by which this very process was started; null where it has no file. */
export function ownCommand(folder: string): readonly string[] | null {
  const [, script, ...args] = process.argv;
  if (!script) return null;
  const path = relative(realpathSync(folder), script);
  const isNear = !isAbsolute(path) && path.split(sep).filter((part) => part === '..').length < 4;
  return ['node', ...process.execArgv, isNear ? path : script, ...args];
}

/** The path below a folder; null where it is not in it. */
export function inside(folder: string, path: string): string | null {
  const way = relative(folder, path);
  return way.startsWith('..') || isAbsolute(way) ? null : way;
}

export const slashed = (path: string): string => path.split(sep).join('/');
