import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseRemotePlace } from '../../src/kernel/remote-place';
import type { ModelFile } from '../../src/serving/execution/backend';
import { RemoteBackend } from '../../src/serving/backends/remote';
import { parseRemoteDocument } from '../../src/serving/execution/remote-document';
import { RemotePolicy } from '../../src/serving/backends/remote-policy';
import { freePort } from './free-port';
import { remoteModel } from './remote-model';

export const V2_SCHEMES = ['http', 'grpc'] as const;
export type V2Scheme = (typeof V2_SCHEMES)[number];

/** Until it is ready, in ms: Triton starts a process of Python’s for each of thirty models, on a busy machine. */
const START_LIMIT_MS = 90_000;
const SHARED_MEMORY = '/dev/shm';

/** A server of another project that speaks the Open Inference Protocol, with the models of `conformance/servers`. */
export class V2Server {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly python: string,
    private readonly script: string,
    private readonly folder: string,
    private readonly ports: { readonly http: number; readonly grpc: number },
    private readonly models: readonly string[],
  ) {}

  /**
   * @param python one that has the server
   * @param script of `conformance/servers`
   * @param models of those that only Triton has, the ones that it loads; absent: all that every server has
   */
  static async start(python: string, script: string, models: readonly string[] = []): Promise<V2Server> {
    const folder = mkdtempSync(join(tmpdir(), 'modelgraph-v2-'));
    const ports = { http: await freePort(), grpc: await freePort() };
    const server = new V2Server(
      python,
      join(__dirname, '../conformance/servers', script),
      folder,
      ports,
      models,
    );
    await server.begin();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get grpcAddress(): string {
    return `127.0.0.1:${this.ports.grpc}`;
  }

  /** What asks it. */
  backend(): RemoteBackend {
    const places = [new URL(this.url).host, this.grpcAddress].flatMap(
      (place) => parseRemotePlace(place) ?? [],
    );
    return new RemoteBackend(new RemotePolicy(places, new Map()));
  }

  /** A version's artifact that says where one of its models is. */
  file(scheme: V2Scheme, model: string, more: Readonly<Record<string, unknown>> = {}): ModelFile {
    const url = scheme === 'http' ? this.url : `grpc://${this.grpcAddress}`;
    const text = remoteModel({ backend: 'open-inference', url, model, ...more });
    const read = parseRemoteDocument(text);
    if (!read?.ok) throw new Error(read?.message);
    return { sha256: text, path: '', remote: read.document };
  }

  /** Starts it, also again in the same place; resolves once it says that it is ready. */
  async begin(): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'w');
    const { http, grpc } = this.ports;
    this.child = spawn(this.python, [this.script, String(http), String(grpc), this.folder, ...this.models], {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      detached: true, // a group of its own: some start processes in their turn
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    closeSync(log);
    try {
      await this.ready();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends it without a word, with all that it has started, also where it has ended by itself. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.pid === undefined) return;
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    const exited = hasEnded ? undefined : once(child, 'exit');
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // else nobody of it is left
    }
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
    // Triton's models share memory with it, which stays behind where it is killed.
    for (const name of existsSync(SHARED_MEMORY) ? readdirSync(SHARED_MEMORY) : [])
      if (name.startsWith(basename(this.folder))) rmSync(join(SHARED_MEMORY, name));
  }

  private async ready(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    while (!(await isReady(this.url))) {
      if (this.child?.exitCode !== null || this.child.signalCode !== null || performance.now() > deadline)
        throw new Error(`${this.script} did not start:\n${readFileSync(join(this.folder, 'log'), 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/v2/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
