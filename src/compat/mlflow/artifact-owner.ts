import type { Actor } from '../../kernel/actor';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import { encodeNodeId } from '../../kernel/ids';
import type { RunArtifact, Tracking } from '../../tracking/tracking';
import type { ArtifactPlace } from './artifact-place';
import { loggedModelOf } from './logged-model-calls';
import { doesNotExist, unlessRefused } from './mlflow-error';
import { findRun } from './run-calls';

export interface OwnedFiles {
  all(): Promise<readonly RunArtifact[]>;
  /** Takes the place of a file of the same path. */
  put(path: string, sha256: Sha256): Promise<void>;
  /** At the path and below it. */
  remove(path: string): Promise<void>;
}

/** The files of whoever the place names. Throws where there is nobody. */
export async function filesOf(
  tracking: Tracking,
  actor: Actor,
  { owner, key }: ArtifactPlace,
): Promise<OwnedFiles> {
  if (owner === 'logged model') {
    const { id } = await loggedModelOf(tracking, actor, key);
    const { loggedModels } = tracking;
    return {
      all: async () => (await loggedModels.artifactsByIds(actor, [id]))[0] ?? [],
      put: async (path, sha256) =>
        void unlessRefused(await loggedModels.logArtifact(actor, id, { path, sha256 })),
      remove: async (path) => void unlessRefused(await loggedModels.removeArtifacts(actor, id, path)),
    };
  }
  const run = await findRun(tracking, actor, key);
  if (!run) throw doesNotExist(`Run with id=${key} not found`);
  const runId = encodeNodeId('run', run.id);
  return {
    all: async () => (await tracking.artifactsByRunIds(actor, [run.id]))[0] ?? [],
    put: async (path, sha256) =>
      void unlessRefused(await tracking.logArtifact(actor, { runId, path, artifact: { sha256 } }, 'ALL')),
    remove: async (path) => void unlessRefused(await tracking.removeArtifacts(actor, { runId, path }, 'ALL')),
  };
}
