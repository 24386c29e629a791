import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Bench } from './benchmark';
import type { Child } from './children';
import type { TrackingTarget } from './mlflow-caller';
import type { Filled } from './mlflow-reads';
import { pythonFile, pythonWith } from './python-environment';

/** It imports for some ten seconds; a busy machine may take several times as long. */
const START_TIMEOUT_MS = 90_000;
const ASK_AGAIN_MS = 200;
/** 100,000 runs and 1,000,000 points take 15 s. */
const FILL_TIMEOUT_MS = 120_000;

export interface MlflowPeer {
  readonly process: Child;
  readonly target: TrackingTarget;
  readonly version: string;
  readonly filled: Filled;
}

/**
 * MLflow's own tracking server over SQLite, filled by INSERT; null, and a loud line, where it cannot be had. One
 * worker, as it is one process that is compared, and without its runners of background jobs, which would only take from
 * it.
 */
export async function startMlflow(
  bench: Bench,
  { runs, points }: { runs: number; points: number },
): Promise<MlflowPeer | null> {
  const who = { folder: '.venv-mlflow', requirements: 'requirements-mlflow.txt', who: 'MLflow' };
  const python = await pythonWith(bench, who);
  if (python === null) return null;
  const database = join(bench.folder, 'mlflow.db');
  const environment = {
    PATH: process.env.PATH,
    HOME: bench.folder,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
  };
  const filling = bench.children.start({
    command: python,
    args: [pythonFile('mlflow_fill.py'), database, String(runs), String(points)],
    environment,
  });
  const made = await filling.hear<{ experimentId: string; runId: string }>(
    ({ runId }) => typeof runId === 'string',
    FILL_TIMEOUT_MS,
  );
  const port = String(await freePort());
  const server = bench.children.start({
    command: python,
    args: [
      ...[
        '-m',
        'mlflow',
        'server',
        '--host',
        '127.0.0.1',
        '--port',
        port,
        '--workers',
        '1',
        '--serve-artifacts',
      ],
      ...['--backend-store-uri', `sqlite:///${database}`],
      ...['--artifacts-destination', join(bench.folder, 'mlflow-artifacts')],
    ],
    environment,
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(url);
  const version = await (await fetch(`${url}/version`)).text();
  return { process: server, target: { url, headers: {} }, version, filled: { ...made, runs, points } };
}

async function ready(url: string): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const isUp = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    if (performance.now() > until)
      throw new Error(`MLflow's server did not answer in ${START_TIMEOUT_MS / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
