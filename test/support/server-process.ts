import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiClient } from './api-client';
import { childrenOf } from './child-processes';
import { copyEmbeddedTemplate } from './template-database';

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly url?: string;
  readonly grpcUrl?: string;
  readonly adminKeyFile?: string;
}

/** What users run: started from sources, its workers would take seconds to come back. */
const BUILT_SERVER = join(__dirname, '../../dist/src/main.js');

/** A server in a process of its own: one that can be killed. */
export class ServerProcess extends ApiClient {
  readonly log: LogLine[] = [];
  /** `host:port` of the gRPC door. */
  grpcAddress = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly exited: Promise<number | null>,
    readonly folder: string,
  ) {
    super('', '');
  }

  /** A folder with a migrated database, for as many servers in turn as a test needs. */
  static async newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-chaos-'));
    await copyEmbeddedTemplate(join(folder, 'database'));
    return folder;
  }

  static removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

  /** Starts a server and waits until it listens, or until it has given up. */
  static async start(
    folder: string,
    environment: Record<string, string> = {},
    {
      openFiles,
    }: {
      /** Most files and connections that it may have open; absent: as we. */ readonly openFiles?: number;
    } = {},
  ): Promise<ServerProcess> {
    const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles} && `;
    const program = [process.execPath, '--enable-source-maps', BUILT_SERVER];
    const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...program], {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        GRPC_PORT: '0',
        MODEL_STORE: folder,
        ONNX_WORKERS: '1',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
    const server = new ServerProcess(child, exited, folder);
    const listening = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const entry = JSON.parse(line) as LogLine;
        server.log.push(entry);
        if (entry.msg !== 'listening') return;
        server.url = entry.url ?? '';
        server.grpcAddress = new URL(entry.grpcUrl ?? '').host;
        if (entry.adminKeyFile) server.key = readFileSync(entry.adminKeyFile, 'utf8').trim(); // a worker has none
        resolve();
      });
    });
    await Promise.race([listening, exited]);
    return server;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The server did not start.');
    return this.child.pid;
  }

  /** The processes that it has started: its ONNX workers. */
  children(): number[] {
    return childrenOf(this.pid);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}
