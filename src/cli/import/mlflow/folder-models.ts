import { join } from 'node:path';
import { numberIn, objectIn, textIn } from '../json-fields';
import type { MlflowModel, MlflowVersion } from './mlflow-store';
import type { StoreFiles } from './store-files';

/** The stage of versions that are deleted. */
const DELETED = 'Deleted_Internal';
const VERSION_FOLDER = /^version-(\d+)$/;

/** Registered models of a file store: `models/<name>/version-<number>`. */
export async function folderModels(root: string, files: StoreFiles): Promise<readonly MlflowModel[]> {
  const models: MlflowModel[] = [];
  for (const name of await files.foldersIn(join(root, 'models'))) {
    const folder = join(root, 'models', name);
    const meta = await files.mustSay(folder);
    if (!meta) continue;
    const aliases = objectIn(meta, 'aliases');
    models.push({
      name: textIn(meta, 'name') || name,
      createdAtMs: numberIn(meta, 'creation_timestamp') ?? 0,
      description: textIn(meta, 'description'),
      tags: await files.textFiles(join(folder, 'tags')),
      aliases: Object.keys(aliases).map((alias) => ({ alias, version: textIn(aliases, alias) })),
      versions: await versionsIn(folder, files),
    });
  }
  return models;
}

async function versionsIn(folder: string, files: StoreFiles): Promise<readonly MlflowVersion[]> {
  const versions: MlflowVersion[] = [];
  for (const name of await files.foldersIn(folder)) {
    const [, version] = VERSION_FOLDER.exec(name) ?? [];
    const meta = version === undefined ? null : await files.mustSay(join(folder, name));
    if (version === undefined || !meta || textIn(meta, 'current_stage') === DELETED) continue;
    versions.push({
      ...{ version, description: textIn(meta, 'description'), source: textIn(meta, 'source') },
      ...{ runId: textIn(meta, 'run_id'), runLink: textIn(meta, 'run_link') },
      stage: textIn(meta, 'current_stage') || 'None',
      tags: await files.textFiles(join(folder, name, 'tags')),
    });
  }
  return versions.sort((a, b) => Number(a.version) - Number(b.version));
}
