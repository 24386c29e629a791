import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port';

/** Until it listens, in ms: a large program of Python's, which makes its database first, on a busy machine. */
const START_LIMIT_MS = 90_000;
/** It talks to nobody but us, and starts no workers of its own. */
const QUIET = {
  ...{ MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
  ...{ MLFLOW_TRACKING_URI: '', PYTHONWARNINGS: 'ignore', PYTHONIOENCODING: 'utf-8' },
};

/** MLflow's own server, with a database and files in a folder that goes with it. */
export class MlflowServer {
  private constructor(
    private readonly python: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
  ) {}

  /** @param python one that has `mlflow` */
  static async start(python: string): Promise<MlflowServer> {
    const folder = mkdtempSync(join(tmpdir(), 'modelgraph-mlflow-'));
    const port = await freePort();
    const log = openSync(join(folder, 'log'), 'w');
    const child = spawn(
      python,
      [
        ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
        ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
        ...['--artifacts-destination', join(folder, 'artifacts')],
      ],
      // A group of its own: the program that listens is a child of this one.
      { env: { ...process.env, ...QUIET }, cwd: folder, stdio: ['ignore', log, log], detached: true },
    );
    closeSync(log);
    const server = new MlflowServer(python, child, folder, `http://127.0.0.1:${port}`);
    try {
      await server.listening();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Runs one of the scripts beside the tests of clients. */
  async script(name: string, ...args: readonly string[]): Promise<void> {
    const path = join(__dirname, '../conformance/clients', name);
    await promisify(execFile)(this.python, [path, ...args], { env: { ...process.env, ...QUIET } });
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const exited = new Promise((resolve) => this.child.once('exit', resolve));
      process.kill(-pid, 'SIGTERM');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async listening(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    while (!(await isHealthy(this.url))) {
      if (this.child.exitCode !== null || performance.now() > deadline)
        throw new Error(`MLflow’s server did not start:\n${readFileSync(join(this.folder, 'log'), 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
