import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './benchmark';
import { imageModelFile } from './image-model';
import { FEATURE_NAMES, INPUT_NAME, modelFile } from './model';
import { pythonFile, pythonWith } from './python-environment';
import type { Server } from './rounds';

/**
 * FastAPI with ONNX Runtime, in an environment of its own; null, and a loud line, where it cannot be had.
 *
 * @param processes each with a port of its own, so that the load can be spread equally: two that share one port get as
 *   many connections as the kernel happens to give them, which is slower
 */
export async function startFastApi(bench: Bench, processes: number): Promise<Server | null> {
  const who = { folder: '.venv', requirements: 'requirements.txt', who: 'FastAPI' };
  const python = await pythonWith(bench, who);
  if (python === null) return null;
  const model = join(bench.folder, 'peer.onnx');
  const imageModel = join(bench.folder, 'peer-image.onnx');
  await writeFile(model, modelFile());
  await writeFile(imageModel, imageModelFile());
  const started = Array.from({ length: processes }, async () => {
    const child = bench.children.start({
      command: python,
      args: [pythonFile('fastapi_server.py'), model, imageModel, INPUT_NAME, ...FEATURE_NAMES],
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
