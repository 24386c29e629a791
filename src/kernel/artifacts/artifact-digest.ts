import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ArtifactTooLarge } from './artifacts';
import type { Sha256 } from './artifact';

export interface Digest {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/**
 * Writes what comes into a new file, and has it on disk when it resolves.
 *
 * @param written told after each piece how many bytes are in the file
 */
export async function writeHashing(
  body: Readable,
  path: string,
  maxBytes: number,
  written: (sizeBytes: number) => void = () => undefined,
): Promise<Digest> {
  const file = await open(path, 'wx', 0o600);
  return copy(body, file, maxBytes, written).finally(() => {
    body.resume(); // whatever is left of it goes nowhere
    return file.close();
  });
}

async function copy(
  body: Readable,
  file: FileHandle,
  maxBytes: number,
  written: (sizeBytes: number) => void,
): Promise<Digest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  // Left open where it is not read to its end: a request that is destroyed takes the answer with it.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new ArtifactTooLarge(maxBytes);
    hash.update(chunk);
    await file.appendFile(chunk); // all of it: a disk that is nearly full takes only a part of what is written
    written(sizeBytes);
  }
  await file.sync();
  return { sha256: hash.digest('hex') as Sha256, sizeBytes };
}

export function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
