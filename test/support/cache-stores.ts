import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FreezableProxy } from './freezable-proxy';
import { freePort } from './free-port';
import { until } from './until';

/** What `.ci/cache-stores.sh` found: which stores there are to test against. */
export const STORES = (process.env.CACHE_STORES ?? '').split(' ').filter((name) => name !== '');

/** Whether it is a server, so that the way there can be cut. */
export const isServer = (name: string): boolean => name in STARTED || name in PRESENT;

/** A real store. */
export interface TestedStore {
  readonly url: string;
  /** Null: it is a file. */
  readonly proxy: FreezableProxy | null;
  stop(): Promise<void>;
}

interface Kind {
  /** A program that listens on a port of this machine, or a server that is there already. */
  readonly server: (port: number, folder: string) => readonly [program: string, ...args: string[]];
  readonly urlAt: (port: number) => string;
  /**
   * How long its client, once ended, may still try again what an outage has kept from it, in ms; absent: not at all.
   */
  readonly lingersMs?: number;
}

const named = (name: string): string => process.env[name] ?? '';
const throughProxy = (url: string) => (port: number) => {
  const proxied = new URL(url);
  proxied.hostname = '127.0.0.1';
  proxied.port = String(port);
  return proxied.href;
};

/** Of a package of npm that has no program of its own. */
const FIRESTORE_SERVER =
  "new (require('@firestore-emulator/server').FirestoreServer)().start(Number(process.argv[1]))";

/** Servers that a test starts for itself. */
const STARTED: Readonly<Record<string, Kind>> = {
  memcached: {
    server: (port) => ['memcached', '-u', 'nobody', '-l', '127.0.0.1', '-p', String(port)],
    urlAt: (port) => `memcached://127.0.0.1:${port}`,
  },
  dynamodb: {
    server: (port) => [named('MOTO_SERVER'), '-H', '127.0.0.1', '-p', String(port)],
    urlAt: (port) => `dynamodb://answers?region=us-east-1&endpoint=http://127.0.0.1:${port}`,
  },
  firestore: {
    server: (port) => [process.execPath, '-e', FIRESTORE_SERVER, String(port)],
    urlAt: (port) => {
      process.env.FIRESTORE_EMULATOR_HOST = `127.0.0.1:${port}`; // where Google's client looks for one
      return 'firestore://project/answers';
    },
    lingersMs: 6_000, // its longest pause between two tries is five seconds
  },
  etcd: {
    server: (port, folder) => [
      ...(['etcd', '--data-dir', folder, '--listen-peer-urls', 'http://127.0.0.1:0'] as const),
      ...['--listen-client-urls', `http://127.0.0.1:${port}`],
      ...['--advertise-client-urls', `http://127.0.0.1:${port}`],
    ],
    urlAt: (port) => `etcd://127.0.0.1:${port}`,
  },
};
/** Servers that are there. */
const PRESENT: Readonly<Record<string, { readonly url: string; readonly port: number }>> = {
  redis: { url: named('REDIS_URL'), port: 6379 },
  postgres: { url: named('DATABASE_URL'), port: 5432 },
  mysql: { url: named('MYSQL_URL'), port: 3306 },
};

export async function startStore(name: string): Promise<TestedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-store-'));
  const removed = () => rm(folder, { recursive: true, force: true });
  const present = PRESENT[name];
  if (present) {
    const { hostname, port } = new URL(present.url);
    const proxy = await FreezableProxy.to(hostname, Number(port || present.port));
    return { url: throughProxy(present.url)(proxy.port), proxy, stop: () => stopAll(proxy, null, removed) };
  }
  const kind = STARTED[name];
  if (!kind) return { url: `sqlite://${join(folder, 'cache.db')}`, proxy: null, stop: removed };
  const port = await freePort();
  const [program, ...args] = kind.server(port, folder);
  const child = spawn(program, args, { stdio: 'ignore' });
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${program} did not start.`);
    return isListening(port);
  });
  const proxy = await FreezableProxy.to('127.0.0.1', port);
  const stop = async () => {
    await new Promise((resolve) => setTimeout(resolve, kind.lingersMs ?? 0));
    delete process.env.FIRESTORE_EMULATOR_HOST;
    await stopAll(proxy, child, removed);
  };
  return { url: kind.urlAt(proxy.port), proxy, stop };
}

async function stopAll(proxy: FreezableProxy, child: ChildProcess | null, removed: () => Promise<void>) {
  proxy.close();
  if (child) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  await removed();
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
