import { join } from 'node:path';
import type { KeyValue } from '../../../client/operations/runs';
import { numberIn, objectIn, textIn, type JsonObject } from '../json-fields';
import type { MlflowModel, MlflowVersion } from './mlflow-store';

interface FolderReader {
  foldersIn(folder: string): Promise<readonly string[]>;
  textFiles(folder: string): Promise<readonly KeyValue[]>;
  /** Null where there is none, or it is damaged. */
  yaml(path: string): Promise<JsonObject | null>;
}

/** The stage of versions that are deleted. */
const DELETED = 'Deleted_Internal';
const VERSION_FOLDER = /^version-(\d+)$/;

/** Registered models of a file store: `models/<name>/version-<number>`. */
export async function folderModels(root: string, reader: FolderReader): Promise<readonly MlflowModel[]> {
  const models: MlflowModel[] = [];
  for (const name of await reader.foldersIn(join(root, 'models'))) {
    const folder = join(root, 'models', name);
    const meta = await reader.yaml(join(folder, 'meta.yaml'));
    if (!meta) continue;
    const aliases = objectIn(meta, 'aliases');
    models.push({
      name: textIn(meta, 'name') || name,
      createdAtMs: numberIn(meta, 'creation_timestamp') ?? 0,
      description: textIn(meta, 'description'),
      tags: await reader.textFiles(join(folder, 'tags')),
      aliases: Object.keys(aliases).map((alias) => ({ alias, version: textIn(aliases, alias) })),
      versions: await versionsIn(folder, reader),
    });
  }
  return models;
}

async function versionsIn(folder: string, reader: FolderReader): Promise<readonly MlflowVersion[]> {
  const versions: MlflowVersion[] = [];
  for (const name of await reader.foldersIn(folder)) {
    const [, version] = VERSION_FOLDER.exec(name) ?? [];
    const meta = version === undefined ? null : await reader.yaml(join(folder, name, 'meta.yaml'));
    if (version === undefined || !meta || textIn(meta, 'current_stage') === DELETED) continue;
    versions.push({
      ...{ version, description: textIn(meta, 'description'), source: textIn(meta, 'source') },
      ...{ runId: textIn(meta, 'run_id'), runLink: textIn(meta, 'run_link') },
      stage: textIn(meta, 'current_stage') || 'None',
      tags: await reader.textFiles(join(folder, name, 'tags')),
    });
  }
  return versions.sort((a, b) => Number(a.version) - Number(b.version));
}
