import { execFile, execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { childrenOf, isFrozen } from './child-processes';
import { freePort } from './free-port';

/** Where Debian and Ubuntu keep the programs of a server, one folder a version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
/** PostgreSQL refuses to run as root: then one of these is who runs it. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody'];
/** English, so that the line that says it is ready can be known; nothing else of ours. */
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C' };

type Owner = Pick<SpawnOptions, 'uid' | 'gid'>;

/** The folder of PostgreSQL's server programs; undefined where there is none on this machine. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).sort(byNumber).reverse() : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN_FOLDER, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
  return found && dirname(realpathSync(join(found, 'postgres')));
}

/** A PostgreSQL of a test's own: its processes can be frozen without harm to anybody else. */
export class OwnPostgres {
  private constructor(
    private readonly postmaster: ChildProcess,
    private readonly exited: Promise<unknown>,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Makes a cluster in a folder of its own and waits until it takes connections. */
  static async start(programs: string): Promise<OwnPostgres> {
    const owner = userInfo().uid === 0 ? unprivilegedUser() : {};
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-postgres-'));
    if (owner.uid !== undefined && owner.gid !== undefined) await chown(folder, owner.uid, owner.gid);
    const data = join(folder, 'data');
    const options = { ...owner, cwd: folder, env: ENVIRONMENT };
    await promisify(execFile)(
      join(programs, 'initdb'),
      ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'],
      options,
    );
    const port = await freePort();
    const settings = ['-h', '127.0.0.1', '-p', String(port), '-k', folder];
    const postmaster = spawn(join(programs, 'postgres'), ['-D', data, ...settings], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = new Promise((resolve) => postmaster.on('exit', resolve));
    const own = new OwnPostgres(postmaster, exited, folder, port);
    await ready(postmaster, exited);
    return own;
  }

  get url(): URL {
    return new URL(`postgres://postgres@127.0.0.1:${this.port}/postgres`);
  }

  /** SIGSTOP to all of its processes, first to the one that would start others. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
    while (!isFrozen(this.pid));
    for (const pid of childrenOf(this.pid)) process.kill(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of [...childrenOf(this.pid), this.pid]) process.kill(pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.postmaster.kill('SIGINT'); // its “fast shutdown”: it does not wait for clients
    await this.exited;
    await rm(this.folder, { recursive: true, force: true });
  }

  private get pid(): number {
    if (this.postmaster.pid === undefined) throw new Error('PostgreSQL did not start.');
    return this.postmaster.pid;
  }
}

const byNumber = (one: string, other: string) => Number(one) - Number(other);

function unprivilegedUser(): Owner {
  for (const name of UNPRIVILEGED_USERS) {
    try {
      const idOf = (what: string) => Number(execFileSync('id', [what, name], { stdio: 'pipe' }).toString());
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch {
      continue; // there is no such user here
    }
  }
  throw new Error(`PostgreSQL does not run as root, and there is none of ${UNPRIVILEGED_USERS.join(', ')}.`);
}

async function ready({ stderr }: ChildProcess, exited: Promise<unknown>): Promise<void> {
  const lines: string[] = [];
  const isReady = new Promise<void>((resolve) => {
    if (!stderr) return;
    createInterface({ input: stderr }).on('line', (line) => {
      lines.push(line);
      if (line.includes('ready to accept connections')) resolve();
    });
  });
  const tooEarly = exited.then((): never => {
    throw new Error(`PostgreSQL ended before it was ready:\n${lines.join('\n')}`);
  });
  await Promise.race([isReady, tooEarly]);
}
