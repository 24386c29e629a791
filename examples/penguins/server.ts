import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A fresh database is made in about five seconds; a slow and busy machine may take ten times as long. */
const START_TIMEOUT_MS = 60_000;
/** The server drains for ten seconds at most; what is still there then is stuck. */
const STOP_TIMEOUT_MS = 15_000;
/** What is shown of the log when the server ends too early. */
const LAST_LOG_LINES = 15;

/** The server that the story talks to: one that runs already, or our own. */
export interface Server {
  readonly url: string;
  readonly key: string;
  /** Where the key was read; undefined if it came from MODELGRAPH_KEY. */
  readonly keyFile: string | undefined;
  /** Where a server of our own keeps its files; undefined if it ran already. */
  readonly storeFolder: string | undefined;
  /** Rejects when a server of our own ends before it is stopped; otherwise never settles. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

/** Uses MODELGRAPH_URL if it is set, else starts a server on a free port over `model-store/`. */
export async function connectOrStart(env: NodeJS.ProcessEnv): Promise<Server> {
  return env.MODELGRAPH_URL ? runningServer(env.MODELGRAPH_URL, env) : startServer(env);
}

async function runningServer(url: string, env: NodeJS.ProcessEnv): Promise<Server> {
  const keyFile = env.MODELGRAPH_KEY
    ? undefined
    : (env.ADMIN_KEY_FILE ?? join(env.MODEL_STORE ?? 'model-store', 'admin.key'));
  return {
    url: url.replace(/\/+$/, ''),
    key: env.MODELGRAPH_KEY ?? (await readKey(keyFile ?? '')),
    keyFile,
    storeFolder: undefined,
    died: new Promise<never>(() => undefined),
    stop: () => Promise.resolve(),
  };
}

async function startServer(env: NodeJS.ProcessEnv): Promise<Server> {
  const child = spawn(process.execPath, ['--enable-source-maps', join(__dirname, '../../src/main.js')], {
    // Of its log the line `listening` is needed, which is of level info.
    env: { ...env, HOST: '127.0.0.1', PORT: '0', GRPC_PORT: '0', LOG_LEVEL: 'info' },
    // In a group of its own, Ctrl+C reaches only us: we stop it once, and it drains.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = new ServerLog(child);
  const exited = once(child, 'close').then(([code, signal]) => `${String(signal ?? code)}`);
  const died = exited.then((how): never => {
    throw new Error(`The server ended too early (${how}). Its last log lines:\n${log.lastLines()}`);
  });
  const stop = () => stopChild(child, exited);
  try {
    const { url, adminKeyFile, storeFolder, store } = await Promise.race([log.listening, died, timeout(log)]);
    return {
      url,
      key: await readKey(adminKeyFile),
      keyFile: adminKeyFile,
      storeFolder: storeFolder ?? store,
      died,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const readKey = async (file: string) => (await readFile(file, 'utf8')).trim();

async function stopChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(stuck);
}

function timeout(log: ServerLog): Promise<never> {
  return new Promise((_, reject) => {
    const tooLong = () =>
      reject(new Error(`The server was not ready within ${START_TIMEOUT_MS / 1000} s:\n${log.lastLines()}`));
    setTimeout(tooLong, START_TIMEOUT_MS).unref();
  });
}

interface Listening {
  readonly msg: 'listening';
  readonly url: string;
  readonly adminKeyFile: string;
  /** Absent where artifacts are in a bucket. */
  readonly storeFolder?: string;
  /** The bucket. */
  readonly store?: string;
}

/** Reads what the server logs, one JSON object a line: waits for `listening` and keeps the last lines. */
class ServerLog {
  readonly listening: Promise<Listening>;
  private readonly lines: string[] = [];

  constructor(child: ChildProcess) {
    this.listening = new Promise((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        if (!stream) continue;
        createInterface({ input: stream }).on('line', (line) => {
          this.keep(line);
          const entry = parseListening(line);
          if (entry) resolve(entry);
        });
      }
    });
  }

  lastLines(): string {
    return this.lines.map((line) => `  ${line}`).join('\n');
  }

  private keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LAST_LOG_LINES) this.lines.shift();
  }
}

/** Other lines, and those that Node itself prints, are only kept. */
function parseListening(line: string): Listening | undefined {
  if (!line.startsWith('{') || !line.includes('"listening"')) return undefined;
  const entry = JSON.parse(line) as Partial<Listening>;
  return entry.msg === 'listening' ? (entry as Listening) : undefined;
}
