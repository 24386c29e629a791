import type { Artifacts } from '../kernel/artifacts/artifacts';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ProjectId } from '../kernel/ids';
import { RemoteFileRefused, type RemoteFiles } from '../kernel/artifacts/remote-files';
import { Unreadable } from './reading/unreadable';

interface Files {
  readonly artifacts: Artifacts;
  readonly sources: RemoteFiles;
}

/** Bytes that are an artifact of the project, or lie at an address and have that hash. */
export interface DataBytes {
  readonly projectId: ProjectId;
  readonly sha256: Sha256;
  readonly uri: string | null;
}

/**
 * Does the work with a version's data in a file of this machine. It is the project's artifact where there is one, else
 * it comes from where it lies.
 *
 * @throws Unreadable where what lies there now is something else, or nothing
 */
export async function withVersionFile<Result>(
  { artifacts, sources }: Files,
  { projectId, sha256, uri }: DataBytes,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  const isHere = uri === null || (await artifacts.find(projectId, sha256)) !== null;
  if (isHere) return artifacts.withFile(sha256, work);
  if (!sources.covers(uri))
    throw new Unreadable('SOURCE_NOT_READABLE', `This server may no longer read ${uri} (DATASET_SOURCES).`);
  return withSourceFile(sources, uri, sha256, ({ path }) => work(path));
}

/** @throws Unreadable where the bytes at the address cannot be had, or have another hash */
export async function withSourceFile<Result>(
  sources: RemoteFiles,
  uri: string,
  sha256: Sha256,
  work: (file: { readonly path: string; readonly sizeBytes: number }) => Promise<Result>,
): Promise<Result> {
  try {
    return await sources.withFile(uri, (file) => {
      if (file.sha256 === sha256) return work(file);
      throw new Unreadable('SOURCE_CHANGED', `The bytes at ${uri} hash to ${file.sha256}, not to ${sha256}.`);
    });
  } catch (error) {
    throw error instanceof RemoteFileRefused ? new Unreadable(error.code, error.message) : error;
  }
}
