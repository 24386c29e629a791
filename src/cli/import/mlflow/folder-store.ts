import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { KeyValue } from '../../../client/operations/runs';
import { CommandFailed } from '../../command';
import { isFolder } from '../../folder';
import { isFileError } from '../file-error';
import { digestOf } from '../import-key';
import { integerIn, numberIn, objectIn, optionalTextIn, textIn, type JsonObject } from '../json-fields';
import type { SourceDataset, SourceFile, SourcePoint } from '../source-run';
import { filesAt, filesMark, type ArtifactPlaces } from './artifact-folder';
import { folderModels } from './folder-models';
import { metricLines } from './metric-lines';
import {
  DELETED_FOR_GOOD,
  MODEL_STATUSES,
  NO_PLACE,
  RUN_STATUSES,
  type FileOwner,
  type MlflowExperiment,
  type MlflowLoggedModel,
  type MlflowModel,
  type MlflowRun,
  type MlflowRunRef,
  type MlflowStore,
  type ModelMetric,
} from './mlflow-store';
import { StoreFiles } from './store-files';

/** Where MLflow puts experiments that are deleted. */
const TRASH = '.trash';
/** Folders of an experiment that are no runs. */
const TRACES = 'traces';
const NO_RUNS = new Set(['tags', 'datasets', 'models', TRACES, 'assessments']);
/** Of a run's folder; one that has any of them, and no `meta.yaml`, is of a run that is damaged. */
const RUN_PARTS = new Set(['metrics', 'params', 'tags', 'inputs', 'outputs', 'artifacts']);
/** Runs given at a time. */
const RUNS = 100;
/** Folders beside a database have their runs' files, and nothing that says what runs they are. */
const NO_META =
  'Their folders have no meta.yaml: they are damaged, or what they are is in a database, which is to be named then.';

/** MLflow's file store: a folder `mlruns`. */
export class FolderStore implements MlflowStore {
  readonly place: string;
  private readonly data: StoreFiles;
  private found: Promise<readonly MlflowExperiment[]> | null = null;

  constructor(
    private readonly root: string,
    private readonly places: ArtifactPlaces,
  ) {
    this.place = resolve(root);
    this.data = new StoreFiles(places);
  }

  experiments(): Promise<readonly MlflowExperiment[]> {
    this.found ??= this.findExperiments();
    return this.found;
  }

  async *runs(experimentId: string): AsyncGenerator<readonly MlflowRunRef[]> {
    const folder = await this.experimentFolder(experimentId);
    const folders = folder === null ? [] : await this.data.foldersIn(folder);
    if (folder !== null && folders.includes(TRACES)) await this.tellTraces(join(folder, TRACES));
    const names = folders.filter((name) => !NO_RUNS.has(name));
    for (let at = 0; at < names.length; at += RUNS) {
      const some = names.slice(at, at + RUNS);
      const refs = await Promise.all(some.map((name) => this.ref(experimentId, name)));
      yield refs.filter((ref) => ref !== null);
    }
  }

  async run(runId: string): Promise<MlflowRunRef | null> {
    if (!isName(runId) || NO_RUNS.has(runId)) return null;
    for (const { id } of await this.experiments()) {
      const isThere = await isFolder(await this.runFolder(id, runId));
      const ref = isThere ? await this.ref(id, runId) : null;
      if (ref) return ref;
    }
    return null;
  }

  async *points({ id, experimentId }: MlflowRun, key: string): AsyncGenerator<readonly SourcePoint[]> {
    const path = join(await this.runFolder(experimentId, id), 'metrics', ...key.split('/'));
    for await (const lines of metricLines(path, this.onBadLine(path)))
      yield lines.map(({ timestampMs, value, step }) => ({ key, timestampMs, value, step }));
  }

  async loggedModels(experimentId: string): Promise<readonly MlflowLoggedModel[]> {
    const experiment = await this.experimentFolder(experimentId);
    if (experiment === null) return [];
    const models: MlflowLoggedModel[] = [];
    for (const id of await this.data.foldersIn(join(experiment, 'models'))) {
      const folder = join(experiment, 'models', id);
      const meta = await this.data.mustSay(folder);
      if (!meta) continue;
      if (textIn(meta, 'lifecycle_stage') === 'deleted') {
        this.data.leaveOut('logged models', DELETED_FOR_GOOD, folder);
        continue;
      }
      const sourceRunId = textIn(meta, 'source_run_id');
      models.push({
        ...{
          id,
          experimentId,
          sourceRunId,
          name: textIn(meta, 'name'),
          modelType: textIn(meta, 'model_type'),
        },
        status: MODEL_STATUSES[numberIn(meta, 'status') ?? 0] ?? '',
        artifactUri: textIn(meta, 'artifact_location'),
        params: await this.data.textFiles(join(folder, 'params')),
        tags: await this.data.textFiles(join(folder, 'tags')),
        metrics: await this.modelMetrics(folder),
        step: await this.outputStep(experiment, sourceRunId, id),
      });
    }
    return models;
  }

  registeredModels = (): Promise<readonly MlflowModel[]> => folderModels(this.root, this.data);

  files = (owner: FileOwner): AsyncIterable<SourceFile> => filesAt(this.places, owner);

  close(): void {
    // nothing is held open
  }

  private async findExperiments(): Promise<readonly MlflowExperiment[]> {
    const found: MlflowExperiment[] = [];
    for (const parent of [this.root, join(this.root, TRASH)])
      for (const name of await this.data.foldersIn(parent)) {
        const isOfModels = parent === this.root && name === 'models';
        if (isOfModels || name === TRASH) continue;
        const folder = join(parent, name);
        const experiment = await this.orCounted('experiments', folder, () => this.experiment(folder, name));
        if (experiment) found.push(experiment);
      }
    if (found.length === 0) await this.refuseOther();
    return found;
  }

  private async refuseOther(): Promise<void> {
    if (optionalTextIn((await this.data.said(this.root)) ?? {}, 'experiment_id'))
      throw new CommandFailed(
        `${this.place} is a part of MLflow’s folder: name all of it, and --experiment.`,
      );
    if (!this.places.tally.hasFailures)
      throw new CommandFailed(`There are no experiments of MLflow’s in ${this.place}.`);
  }

  /** Null where it is none, which is counted. */
  private async experiment(folder: string, id: string): Promise<MlflowExperiment | null> {
    const meta = await this.data.said(folder);
    if (meta && (runIdIn(meta) ?? !optionalTextIn(meta, 'experiment_id')))
      this.data.fail('experiments', 'Their meta.yaml names none.', folder);
    else if (meta) {
      const isDeleted = textIn(meta, 'lifecycle_stage') === 'deleted';
      const tags = await this.data.textFiles(join(folder, 'tags'));
      return { id, name: textIn(meta, 'name') || id, isDeleted, tags };
    } else if (await this.holdsRuns(folder)) this.data.fail('experiments', NO_META, folder);
    else this.data.leaveOut('folders', 'They are no experiments of MLflow’s.', folder);
    return null;
  }

  private async holdsRuns(folder: string): Promise<boolean> {
    for (const name of await this.data.foldersIn(folder))
      if (!NO_RUNS.has(name) && (await this.isOfRun(join(folder, name)))) return true;
    return false;
  }

  private isOfRun = async (folder: string): Promise<boolean> =>
    (await this.data.foldersIn(folder)).some((name) => RUN_PARTS.has(name));

  private async tellTraces(folder: string): Promise<void> {
    const { length } = await this.data.foldersIn(folder);
    if (length > 0) this.places.tally.leaveOut('traces', NO_PLACE, folder, length);
  }

  private async ref(experimentId: string, id: string): Promise<MlflowRunRef | null> {
    const folder = await this.runFolder(experimentId, id);
    return this.orCounted('runs', folder, () => this.refIn(folder, experimentId, id));
  }

  /** A folder that cannot be read is counted, and the rest goes on. */
  private async orCounted<Read>(
    what: string,
    folder: string,
    read: () => Promise<Read>,
  ): Promise<Read | null> {
    try {
      return await read();
    } catch (error) {
      if (!isFileError(error)) throw error;
      this.data.fail(what, error.message, folder);
      return null;
    }
  }

  private async refIn(folder: string, experimentId: string, id: string): Promise<MlflowRunRef | null> {
    const meta = await this.data.said(folder);
    if (!meta || !runIdIn(meta)) {
      if (meta) this.data.fail('runs', 'Their meta.yaml names none.', folder);
      else if (await this.isOfRun(folder)) this.data.fail('runs', NO_META, folder);
      else this.data.leaveOut('folders', 'They are no runs of MLflow’s.', folder);
      return null;
    }
    const facts = await Promise.all(
      ['metrics', 'params', 'tags'].map((part) => this.data.sizesBelow(join(folder, part))),
    );
    const artifactUri = textIn(meta, 'artifact_uri');
    const files = await filesMark(this.places, { kind: 'run', id, experimentId, artifactUri });
    return {
      id,
      name: textIn(meta, 'run_name') || id,
      isDeleted: textIn(meta, 'lifecycle_stage') === 'deleted',
      mark: digestOf(JSON.stringify(meta), ...facts.flat(), files),
      load: () => this.load(experimentId, id, folder, meta),
    };
  }

  private async load(experimentId: string, id: string, folder: string, meta: JsonObject): Promise<MlflowRun> {
    const inputs = await this.metasIn(join(folder, 'inputs'));
    const models = inputs.filter((input) => /MODEL/.test(textIn(input, 'source_type')));
    const { metricKeys, ...rest } = {
      metricKeys: await this.data.filePaths(join(folder, 'metrics')),
      params: await this.data.textFiles(join(folder, 'params')),
      tags: await this.data.textFiles(join(folder, 'tags')),
    };
    return {
      ...{ id, experimentId, metricKeys, ...rest },
      name: textIn(meta, 'run_name'),
      userId: textIn(meta, 'user_id'),
      status: RUN_STATUSES[numberIn(meta, 'status') ?? 0] ?? '',
      startedAtMs: numberIn(meta, 'start_time') ?? 0,
      endedAtMs: numberIn(meta, 'end_time'),
      artifactUri: textIn(meta, 'artifact_uri'),
      datasets: await this.datasets(experimentId, inputs),
      inputModels: models.map((input) => textIn(input, 'source_id')),
    };
  }

  private async datasets(
    experimentId: string,
    inputs: readonly JsonObject[],
  ): Promise<readonly SourceDataset[]> {
    const experiment = await this.experimentFolder(experimentId);
    const datasets: SourceDataset[] = [];
    for (const input of inputs) {
      const id = textIn(input, 'source_id');
      if (textIn(input, 'source_type') !== 'DATASET' || !isName(id) || experiment === null) continue;
      const meta = await this.data.mustSay(join(experiment, 'datasets', id));
      if (meta) datasets.push({ tags: pairsOf(objectIn(input, 'tags')), dataset: datasetOf(meta) });
    }
    return datasets;
  }

  /** Behind a line of a logged model's file stand the run, and the dataset's name and digest where there is one. */
  private async modelMetrics(folder: string): Promise<readonly ModelMetric[]> {
    const metrics: ModelMetric[] = [];
    for (const key of await this.data.filePaths(join(folder, 'metrics'))) {
      const path = join(folder, 'metrics', ...key.split('/'));
      for await (const lines of metricLines(path, this.onBadLine(path)))
        for (const { rest, ...line } of lines) {
          const [runId = '', ...dataset] = rest;
          const [datasetDigest = null, ...name] = [...dataset].reverse();
          const datasetName = name.length === 0 ? null : name.reverse().join(' ');
          metrics.push({ key, ...line, runId, datasetName, datasetDigest });
        }
    }
    return metrics;
  }

  private async outputStep(experiment: string, runId: string, modelId: string): Promise<number | bigint> {
    if (!isName(runId)) return 0;
    const meta = await this.data.said(join(experiment, runId, 'outputs', modelId));
    return (meta && integerIn(meta, 'step')) ?? 0;
  }

  private async metasIn(folder: string): Promise<readonly JsonObject[]> {
    const metas = (await this.data.foldersIn(folder)).map((name) => this.data.mustSay(join(folder, name)));
    return (await Promise.all(metas)).filter((meta) => meta !== null);
  }

  /** Null where there is none. */
  private async experimentFolder(id: string): Promise<string | null> {
    if (!isName(id)) return null;
    for (const parent of [this.root, join(this.root, TRASH)])
      if (await stat(join(parent, id)).catch(() => null)) return join(parent, id);
    return null;
  }

  private runFolder = async (experimentId: string, id: string): Promise<string> =>
    join((await this.experimentFolder(experimentId)) ?? join(this.root, experimentId), id);

  private onBadLine = (path: string) => (line: number) =>
    this.places.tally.fail('points', 'A line of a metric’s file is none of MLflow’s.', `${path}:${line}`);
}

const datasetOf = (meta: JsonObject): SourceDataset['dataset'] => ({
  ...{ name: textIn(meta, 'name'), digest: textIn(meta, 'digest') },
  ...{ source_type: textIn(meta, 'source_type'), source: textIn(meta, 'source') },
  ...{
    schema: optionalTextIn(meta, 'schema') ?? undefined,
    profile: optionalTextIn(meta, 'profile') ?? undefined,
  },
});

const pairsOf = (object: JsonObject): readonly KeyValue[] =>
  Object.keys(object).map((key) => ({ key, value: textIn(object, key) }));

const runIdIn = (meta: JsonObject): string | null =>
  optionalTextIn(meta, 'run_id') ?? optionalTextIn(meta, 'run_uuid');

/** Names of folders come from files of others too: none leads elsewhere. */
const isName = (text: string): boolean => text !== '' && !/[/\\\0]/.test(text) && !/^\.+$/.test(text);
