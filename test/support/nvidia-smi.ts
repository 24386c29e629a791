import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two cards as `nvidia-smi` 550 tells of them with `--format=csv,noheader,nounits`; the second one tells less. */
export const TWO_CARDS = [
  '0, GPU-6a5f1c8e-0f7d-6c5c-9d2a-3f0b6d1e2a4b, 37, 1843, 81559, 41, 118.32, 700.00, NVIDIA H100 80GB HBM3',
  '1, GPU-0d0b1a52-7a0c-11ee-8c99-0242ac120002, [N/A], 5, 24564, 33, [N/A], [N/A], NVIDIA A30, rev. 2',
].join('\n');

/** A program of that name on a `PATH` of its own, made by a test: the real one is where a card is. */
export async function fakeNvidiaSmi(script: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-smi-'));
  await writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return {
    path: `${folder}:/usr/bin:/bin`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A script that says this. */
export const says = (text: string): string => `cat <<'END'\n${text}\nEND`;
