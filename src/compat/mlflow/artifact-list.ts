import type { RunArtifact } from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';

/**
 * What stands directly in a folder, by name: files with their size, and folders, which are nothing but the beginnings
 * of paths.
 *
 * @param prefix what stands before each name in the answer, as in `plots/`; empty where names are told alone
 */
export function listFolder(
  files: readonly RunArtifact[],
  folder: string,
  prefix: string,
): readonly Json[] | undefined {
  const start = folder === '' ? '' : `${folder}/`;
  const entries = new Map<string, Json>();
  for (const { path, sizeBytes } of files) {
    if (!path.startsWith(start)) continue;
    const rest = path.slice(start.length);
    const slashAt = rest.indexOf('/');
    const name = slashAt < 0 ? rest : rest.slice(0, slashAt);
    const told = `${prefix}${name}`;
    entries.set(
      name,
      slashAt < 0 ? { path: told, is_dir: false, file_size: sizeBytes } : { path: told, is_dir: true },
    );
  }
  return listOrNothing([...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry));
}
