import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFolder } from '../../folder';
import { filesBelow, type LinkRule } from '../local-file';
import type { SourceFile } from '../source-run';
import type { FileOwner } from './mlflow-store';

/** Where files of a folder or a database of MLflow's are looked for. */
export interface ArtifactPlaces extends LinkRule {
  /** The folder of the source: what is in it may be read. */
  readonly root: string;
  /** Folders that hold `<experiment>/<run>/artifacts`, in the order in which they are tried. */
  readonly folders: readonly string[];
}

/**
 * The files of a run or of a logged model. An address that whoever made the source has written may lead anywhere on
 * this machine: it is followed out of the source's own folders only with `--follow-links`.
 */
export async function* filesAt(places: ArtifactPlaces, owner: FileOwner): AsyncGenerator<SourceFile> {
  const folder = await folderOf(places, owner);
  if (folder !== null) yield* filesBelow(folder, places);
}

async function folderOf(places: ArtifactPlaces, owner: FileOwner): Promise<string | null> {
  const { kind, id, experimentId, artifactUri } = owner;
  const inside = [experimentId, ...(kind === 'model' ? ['models'] : []), id, 'artifacts'];
  const usual = isPlain(inside) ? places.folders.map((folder) => join(folder, ...inside)) : [];
  for (const folder of usual) if (await isFolder(folder)) return folder;
  if (artifactUri === '') return null; // else it would be all of the source
  const path = localPath(artifactUri, places.root);
  if (path === null) {
    const scheme = /^[\w+.-]+:/.exec(artifactUri)?.[0] ?? artifactUri;
    const advice = `They are at ${scheme}…: import from MLflow’s server, which can read them, or name their folder with --artifacts.`;
    places.tally.leaveOut(`files of ${kind}s`, advice, `${id}: ${artifactUri}`);
    return null;
  }
  const isInside = [places.root, ...places.folders].some((folder) => isBelow(path, folder));
  if (!isInside && !places.followsLinks) {
    if (await isFolder(path))
      places.tally.leaveOut(
        `files of ${kind}s`,
        'They are outside of the source’s folder: --follow-links brings them.',
        `${id}: ${path}`,
      );
    return null;
  }
  return (await isFolder(path)) ? path : null;
}

/** Null where it is no address of this machine. */
function localPath(uri: string, root: string): string | null {
  if (uri.startsWith('file:')) {
    try {
      return fileURLToPath(uri);
    } catch {
      return resolve(root, uri.slice('file:'.length)); // `file:mlruns/…`, which is no URL
    }
  }
  return /^[A-Za-z][\w+.-]+:/.test(uri) ? null : resolve(root, uri);
}

/** Ids come from files of others: none leads elsewhere. */
const isPlain = (segments: readonly string[]): boolean =>
  segments.every((segment) => /^[\w.-]+$/.test(segment) && !/^\.+$/.test(segment));
const isBelow = (path: string, folder: string): boolean =>
  resolve(path) === resolve(folder) || resolve(path).startsWith(resolve(folder) + sep);
