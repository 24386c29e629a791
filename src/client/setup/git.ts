import { realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { outputOf } from './program-output';

/** A repository that takes longer is too large to be asked at the start of a training. */
const TIMEOUT_MS = 10_000;

interface Asked {
  readonly maxBytes?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A repository, which is read and never changed: no lock is taken, and no password is asked for. */
export class Repository {
  private constructor(readonly top: string) {}

  /** The repository that the folder is in; null where there is none, or no git. */
  static async of(folder: string): Promise<Repository | null> {
    const top = await ask(folder, ['rev-parse', '--show-toplevel']);
    const path = top?.toString().replace(/\n$/, '') ?? '';
    return path === '' ? null : new Repository(path);
  }

  /** The one whose top the folder is; null where it belongs to another, as that of an absent submodule does. */
  static async at(folder: string): Promise<Repository | null> {
    const found = await Repository.of(folder);
    const isTop = found !== null && (await realpath(found.top)) === (await realpath(folder));
    return isTop ? found : null;
  }

  bytes(args: readonly string[], asked: Asked = {}): Promise<Buffer | null> {
    return ask(this.top, args, asked);
  }

  async text(args: readonly string[], asked: Asked = {}): Promise<string | null> {
    const text = (await this.bytes(args, asked))?.toString().trim() ?? '';
    return text === '' ? null : text;
  }

  /** Names as git lists them with `-z`. */
  async names(args: readonly string[], asked: Asked = {}): Promise<readonly string[] | null> {
    const list = await this.bytes(args, asked);
    return (
      list &&
      list
        .toString()
        .split('\0')
        .filter((name) => name !== '')
    );
  }

  /** The remote that a branch follows, else `origin`, else the first that there is. */
  async remote(branch: string | null): Promise<{ readonly name: string; readonly address: string } | null> {
    const followed = branch && (await this.text(['config', '--get', `branch.${branch}.remote`]));
    const names = (await this.text(['remote']))?.split('\n') ?? [];
    const name = [followed, 'origin', ...names].find((one) => one && names.includes(one));
    if (!name) return null;
    const address = await this.text(['remote', 'get-url', name]);
    return address === null ? null : { name, address: this.wholeAddress(address) };
  }

  /** A folder by its whole path: from elsewhere, a relative one leads nowhere. */
  private wholeAddress(address: string): string {
    const isFolder = /^\.{1,2}\//.test(address) || isAbsolute(address);
    return isFolder ? resolve(this.top, address) : address;
  }
}

function ask(folder: string, args: readonly string[], { environment, ...asked }: Asked = {}) {
  const quiet = { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
  const options = { folder, timeoutMs: TIMEOUT_MS, ...asked, environment: { ...quiet, ...environment } };
  return outputOf('git', args, options);
}
