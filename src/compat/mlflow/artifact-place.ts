import { artifactPathFault } from '../../tracking/tracking';
import { decodedSegment } from './calls';
import { invalidParameter } from './mlflow-error';

/**
 * Where a file is, as clients are told and as they ask for it: `<experiment>/<run>/artifacts/<path>`, or
 * `<experiment>/models/<logged model>/artifacts/<path>`.
 */
export interface ArtifactPlace {
  readonly owner: 'run' | 'logged model';
  readonly key: string;
  /** Relative to the owner's files; empty for all of them. */
  readonly path: string;
}

/**
 * Reads a place out of a request's path, decoding each of its segments once.
 *
 * @throws MlflowError where a segment would lead elsewhere, or the place is nobody's
 */
export function artifactPlaceOf(encoded: string): ArtifactPlace {
  const segments = encoded.split('/').map(decodedSegment);
  if (segments.includes(null)) throw invalidParameter('Invalid path: it is not percent-encoded rightly.');
  return placeIn(segments as readonly string[]);
}

/** The same of a text that stands in a query. */
export const artifactPlaceIn = (text: string): ArtifactPlace => placeIn(text.split('/'));

function placeIn([, ...segments]: readonly string[]): ArtifactPlace {
  const isModel = segments[0] === 'models';
  const [key, folder, ...rest] = isModel ? segments.slice(1) : segments;
  const path = (rest.at(-1) === '' ? rest.slice(0, -1) : rest).join('/');
  if (!key || folder !== 'artifacts')
    throw invalidParameter('Invalid path: expected <experiment>/<run>/artifacts/<path>.');
  checkArtifactPath(path);
  return { owner: isModel ? 'logged model' : 'run', key, path };
}

/** An empty path is that of all files. */
export function checkArtifactPath(path: string): void {
  const fault = path === '' ? null : artifactPathFault(path);
  if (fault !== null) throw invalidParameter(`Invalid path: expected ${fault}.`);
}
