import { stat } from 'node:fs/promises';
import { WorkerUnavailable } from './worker-unavailable';
import type { ModelFile } from './backend';

/**
 * Does the work with the path of a file that holds the model, which stays there until the work is done.
 *
 * @throws WorkerUnavailable where the bytes cannot be had
 */
export async function withModelPath<Result>(
  file: ModelFile,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  if ('path' in file) return work(file.path);
  const local = await file.lease().catch((error: Error) => {
    throw new WorkerUnavailable('load-failed', `The bytes of the model cannot be read. ${error.message}`);
  });
  try {
    return await work(local.path);
  } finally {
    local.release();
  }
}

/** 0 where it cannot be read: whoever loads it says why. */
export async function modelBytes(file: ModelFile): Promise<number> {
  return 'sizeBytes' in file ? file.sizeBytes : bytesAt(file.path);
}

/** As `modelBytes`, of a file that is here. */
export async function bytesAt(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
