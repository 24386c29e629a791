import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFolder } from '../../folder';
import { isFileError } from '../file-error';
import { digestOf } from '../import-key';
import { filesBelow, type LinkRule } from '../local-file';
import type { SourceFile } from '../source-run';
import { Tally } from '../tally';
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

/** What changes when files come. What is wrong with some is counted when they are brought, and not here. */
export async function filesMark(places: ArtifactPlaces, owner: FileOwner): Promise<string> {
  const files: string[] = [];
  try {
    for await (const { path, sizeBytes } of filesAt({ ...places, tally: new Tally() }, owner))
      files.push(`${path}:${sizeBytes}`);
  } catch (error) {
    if (!isFileError(error)) throw error;
  }
  return digestOf(...files);
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
  const leaveOut = (why: string) => places.tally.leaveOut(`files of ${kind}s`, why, `${id}: ${path}`);
  const isInside = [places.root, ...places.folders].some((folder) => isBelow(path, folder));
  if (await isFolder(path)) {
    if (isInside || places.followsLinks) return path;
    leaveOut('They are outside of the source’s folder: --follow-links brings them.');
  } else if (await isElsewhere(path, inside, places))
    leaveOut('If there are any, they are on another machine: --artifacts names a copy of their folder.');
  return null;
}

/**
 * Runs without files have no folder for them. Where not even what would hold it is there, nobody can say that of one.
 */
async function isElsewhere(
  path: string,
  inside: readonly string[],
  { folders }: ArtifactPlaces,
): Promise<boolean> {
  const store = resolve(path, ...inside.map(() => '..'));
  const [experiment = ''] = inside;
  for (const folder of [store, ...folders.map((folder) => join(folder, experiment))])
    if (await isFolder(folder)) return false;
  return true;
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
