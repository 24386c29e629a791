import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './benchmark';
import { imageModelFile } from './image-model';
import { FEATURE_NAMES, INPUT_NAME, modelFile } from './model';
import type { Server } from './rounds';

const FOLDER = join(__dirname, '../../bench/python');
const ENVIRONMENT = join(__dirname, '../../bench/.venv');
const PYTHON = join(ENVIRONMENT, 'bin/python');
/** Downloading 60 MB over a slow line. */
const INSTALL_TIMEOUT_MS = 300_000;

const run = promisify(execFile);

/**
 * FastAPI with ONNX Runtime, in an environment of its own; null, and a loud line, where it cannot be had.
 *
 * @param processes each with a port of its own, so that the load can be spread equally: two that share one port get as
 *   many connections as the kernel happens to give them, which is slower
 */
export async function startFastApi(bench: Bench, processes: number): Promise<Server | null> {
  try {
    await prepareEnvironment(bench);
  } catch (error) {
    bench.say(`*** PEER NOT PRESENT: FastAPI cannot be installed here (${firstLine(error)}). ***`);
    return null;
  }
  const model = join(bench.folder, 'peer.onnx');
  const imageModel = join(bench.folder, 'peer-image.onnx');
  await writeFile(model, modelFile());
  await writeFile(imageModel, imageModelFile());
  const started = Array.from({ length: processes }, async () => {
    const child = bench.children.start({
      command: PYTHON,
      args: [join(FOLDER, 'fastapi_server.py'), model, imageModel, INPUT_NAME, ...FEATURE_NAMES],
      environment: { PATH: process.env.PATH },
    });
    const { url } = await child.hear<{ url: string }>((entry) => typeof entry.url === 'string');
    return { child, url };
  });
  const listening = await Promise.all(started);
  return {
    processes: listening.map(({ child }) => child),
    urls: listening.map(({ url }) => url),
    key: null,
  };
}

async function prepareEnvironment(bench: Bench): Promise<void> {
  const isThere = await access(PYTHON).then(
    () => true,
    () => false,
  );
  if (!isThere) bench.say('installing the Python peers into bench/.venv');
  if (!isThere) await run('python3', ['-m', 'venv', ENVIRONMENT], { timeout: INSTALL_TIMEOUT_MS });
  const requirements = join(FOLDER, 'requirements.txt');
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], {
    timeout: INSTALL_TIMEOUT_MS,
  });
}

const firstLine = (error: unknown): string => String(error).split('\n')[0] ?? '';
