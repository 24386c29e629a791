import { join } from 'node:path';
import { ArtifactBucket } from './kernel/artifacts/artifact-bucket';
import { ArtifactFolder } from './kernel/artifacts/artifact-folder';
import type { ArtifactStore } from './kernel/artifacts/artifacts';
import type { Config } from './kernel/config';
import type { Logger } from './kernel/logger';
import type { ShutdownStack } from './kernel/shutdown-stack';

/** A bucket where one is configured, else a folder. */
export async function openArtifacts(
  { bucket, storeFolder, role }: Config,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<ArtifactStore> {
  if (bucket === null) return ArtifactFolder.open(join(storeFolder, 'artifacts'));
  const store = await ArtifactBucket.open({ ...bucket, isReadOnly: role === 'worker' }, logger);
  shutdown.push('bucket', () => Promise.resolve(store.stop()));
  return store;
}
