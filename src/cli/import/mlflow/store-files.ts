import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyValue } from '../../../client/operations/runs';
import type { JsonObject } from '../json-fields';
import { isFileToRead, isFolderToRead, type LinkRule } from '../local-file';
import { BadFile, yamlIn } from './yaml-file';

/** What MLflow says of a run, an experiment, a model, in its folder. */
const META = 'meta.yaml';

/**
 * The folders and files of MLflow's file store. What is damaged, missing or a link is counted, once however often it is
 * met, and the rest goes on.
 */
export class StoreFiles {
  private readonly told = new Set<string>();

  constructor(private readonly rule: LinkRule) {}

  /** Names of the folders in a folder, sorted; none where there is no such folder. */
  async foldersIn(folder: string): Promise<readonly string[]> {
    const names: string[] = [];
    for (const entry of await entriesIn(folder))
      if (await isFolderToRead(join(folder, entry.name), entry, 'folders', this.once)) names.push(entry.name);
    return names.sort();
  }

  /** Params or tags: a file for each, whose text is the value. */
  async textFiles(folder: string): Promise<readonly KeyValue[]> {
    const keys = await this.filePaths(folder);
    return Promise.all(keys.map(async (key) => ({ key, value: await readFile(join(folder, key), 'utf8') })));
  }

  /** Files below a folder, by their paths in it, sorted: a name with slashes is a file in folders. */
  async filePaths(folder: string): Promise<readonly string[]> {
    return (await this.pathsBelow(folder, '')).sort();
  }

  /** What changes when a file below a folder does. */
  async sizesBelow(folder: string): Promise<readonly string[]> {
    const paths = await this.filePaths(folder);
    return Promise.all(
      paths.map(async (path) => {
        const { size, mtimeMs } = await stat(join(folder, path));
        return `${path}:${size}:${mtimeMs}`;
      }),
    );
  }

  /** What MLflow says of what is in a folder; null where it says nothing, or that is damaged, which is counted. */
  async said(folder: string): Promise<JsonObject | null> {
    const path = join(folder, META);
    try {
      return await yamlIn(path);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      this.fail('files of MLflow’s', error.message, path);
      this.told.add(folder); // that it says nothing is no second loss
      return null;
    }
  }

  /** The same where it should say something: that it does not is counted. */
  async mustSay(folder: string): Promise<JsonObject | null> {
    const meta = await this.said(folder);
    if (meta === null) this.fail('files of MLflow’s', 'They are not there.', join(folder, META));
    return meta;
  }

  leaveOut(what: string, why: string, path: string): void {
    if (this.isNew(path)) this.rule.tally.leaveOut(what, why, path);
  }

  fail(what: string, why: string, path: string): void {
    if (this.isNew(path)) this.rule.tally.fail(what, why, path);
  }

  private async pathsBelow(folder: string, path: string): Promise<string[]> {
    const paths: string[] = [];
    for (const entry of await entriesIn(join(folder, path))) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) paths.push(...(await this.pathsBelow(folder, inner)));
      else if (await isFileToRead(join(folder, inner), entry, 'files', this.once)) paths.push(inner);
    }
    return paths;
  }

  /** The rule, by which what is met again is not counted again. */
  private get once() {
    return { tally: this, followsLinks: this.rule.followsLinks };
  }

  private isNew(path: string): boolean {
    const isNew = !this.told.has(path);
    this.told.add(path);
    return isNew;
  }
}

async function entriesIn(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
