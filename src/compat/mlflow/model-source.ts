import type { Actor } from '../../kernel/actor';
import { shorten } from '../../kernel/errors';
import type { VersionFile } from '../../registry/registry';
import type { LoggedModel, Run, RunArtifact, Tracking } from '../../tracking/tracking';
import { artifactPlaceIn, checkArtifactPath } from './artifact-place';
import type { ExperimentIds } from './experiment-ids';
import { loggedModelOf } from './logged-model-calls';
import { loggedModelUri } from './logged-model-json';
import { loggedModelIdOf, loggedModelKey } from './logged-model-key';
import { doesNotExist, invalidParameter } from './mlflow-error';
import { findRun } from './run-calls';
import { runKey, runUri } from './run-json';

/** What a version is made from: files of a run or of a logged model, and where they are fetched. */
export interface ModelSource {
  readonly place: string;
  /** Below the model's own folder. */
  readonly files: readonly VersionFile[];
  readonly run: Run | null;
  readonly loggedModel: LoggedModel | null;
}

/** A version of another registered model, as `models:/fraud/3` or `models:/fraud@production`. */
const REGISTERED = /^models:\/{1,3}([^/@]+)(?:\/([1-9]\d{0,8})|@([A-Za-z0-9_-]{1,255}))$/;
const LOGGED = /^models:\/{1,3}(m-[0-9a-f]{32})(?:\/(.*))?$/s;
const OF_RUN = /^runs:\/{1,3}([^/]+)\/(.*)$/s;
const OF_SERVER = /^mlflow-artifacts:\/{1,3}(.+)$/s;

/** The reference of the version that a source copies; null where it is another kind of source. */
export function copiedRef(source: string): string | null {
  const [, name, version, alias] = REGISTERED.exec(source) ?? [];
  return name !== undefined && loggedModelIdOf(name) === null ? `${name}@${version ?? alias ?? ''}` : null;
}

/** Finds the files that a source names. Sources are only ours: anything else is refused, and nothing is fetched. */
export class ModelSources {
  constructor(
    private readonly tracking: Tracking,
    private readonly ids: ExperimentIds,
  ) {}

  async find(actor: Actor, source: string): Promise<ModelSource> {
    const [, modelKey, modelPath = ''] = LOGGED.exec(source) ?? [];
    if (modelKey !== undefined) return this.ofLoggedModel(actor, modelKey, modelPath);
    const [, ownRunKey, runPath = ''] = OF_RUN.exec(source) ?? [];
    if (ownRunKey !== undefined) return this.ofRun(actor, ownRunKey, runPath);
    const [, address] = OF_SERVER.exec(source) ?? [];
    if (address === undefined) throw invalidParameter(`${NOT_OURS} Got '${shorten(source)}'.`);
    const { owner, key, path } = artifactPlaceIn(address);
    return owner === 'run' ? this.ofRun(actor, key, path) : this.ofLoggedModel(actor, key, path);
  }

  private async ofRun(actor: Actor, key: string, path: string): Promise<ModelSource> {
    const folder = folderOf(path);
    const run = await findRun(this.tracking, actor, key);
    if (!run) throw doesNotExist(`Run with id=${shorten(key)} not found`);
    const [all = []] = await this.tracking.artifactsByRunIds(actor, [run.id]);
    const files = below(all, folder);
    if (files.length > 0) {
      const place = at(runUri(await this.experimentKey(actor, run), run), folder);
      return { place, files, run, loggedModel: null };
    }
    // Newer clients log a model beside the run, and still call it by its name in the run.
    const named = await this.loggedBy(actor, run, folder);
    if (named) return { ...(await this.ofLoggedModel(actor, loggedModelKey(named.id), '')), run };
    throw invalidParameter(`There are no files at '${shorten(path)}' of the run ${runKey(run.id)}.`);
  }

  private async loggedBy(actor: Actor, run: Run, name: string): Promise<LoggedModel | undefined> {
    const { loggedModels } = this.tracking;
    const [links = []] = await loggedModels.ofRuns(actor, [run.id]);
    const ids = links.filter(({ direction }) => direction === 'OUTPUT').map(({ modelId }) => modelId);
    const models = await loggedModels.byIds(actor, ids);
    return models.filter((model) => model !== null).findLast((model) => model.name === name);
  }

  private async ofLoggedModel(actor: Actor, key: string, path: string): Promise<ModelSource> {
    const folder = folderOf(path);
    const loggedModel = await loggedModelOf(this.tracking, actor, key);
    const [all = []] = await this.tracking.loggedModels.artifactsByIds(actor, [loggedModel.id]);
    const files = below(all, folder);
    if (files.length === 0)
      throw invalidParameter(`The logged model '${key}' has no files at '${shorten(path)}'.`);
    const { sourceRunId } = loggedModel;
    const [run = null] = sourceRunId === null ? [] : await this.tracking.runsByIds(actor, [sourceRunId]);
    const place = at(loggedModelUri(await this.experimentKey(actor, loggedModel), loggedModel), folder);
    return { place, files, run, loggedModel };
  }

  private async experimentKey(actor: Actor, { experimentId }: Run | LoggedModel): Promise<string> {
    return (await this.ids.keysOf(actor, [experimentId])).get(experimentId) ?? '';
  }
}

const NOT_OURS =
  "Invalid model version source: expected models:/m-<id>, runs:/<run id>/<path>, or this server's own mlflow-artifacts:/ address.";

function folderOf(path: string): string {
  const folder = path.endsWith('/') ? path.slice(0, -1) : path;
  checkArtifactPath(folder);
  return folder;
}

/** What stands below a folder, by the paths there; a single file by its name. */
function below(files: readonly RunArtifact[], folder: string): readonly VersionFile[] {
  const start = folder === '' ? '' : `${folder}/`;
  return files.flatMap(({ path, sha256, sizeBytes }) => {
    if (path === folder) return [{ path: path.slice(path.lastIndexOf('/') + 1), sha256, sizeBytes }];
    return path.startsWith(start) ? [{ path: path.slice(start.length), sha256, sizeBytes }] : [];
  });
}

const at = (root: string, folder: string): string => (folder === '' ? root : `${root}/${folder}`);
