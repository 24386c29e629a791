import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { KeyValue } from '../../../client/operations/runs';
import { isFileError } from '../file-error';
import { digestOf } from '../import-key';
import { integerIn, numberIn, objectIn, optionalTextIn, textIn, type JsonObject } from '../json-fields';
import type { SourceDataset, SourceFile, SourcePoint } from '../source-run';
import { filesAt, type ArtifactPlaces } from './artifact-folder';
import { folderModels } from './folder-models';
import { metricLines } from './metric-lines';
import {
  MODEL_STATUSES,
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
import { BadFile, yamlIn } from './yaml-file';

/** Where MLflow puts experiments that are deleted. */
const TRASH = '.trash';
/** Folders of an experiment that are no runs. */
const NO_RUNS = new Set(['tags', 'datasets', 'models', 'traces', 'assessments']);
/** Runs given at a time. */
const RUNS = 100;

/** MLflow's file store: a folder `mlruns`. */
export class FolderStore implements MlflowStore {
  readonly place: string;

  constructor(
    private readonly root: string,
    private readonly places: ArtifactPlaces,
  ) {
    this.place = resolve(root);
  }

  async experiments(): Promise<readonly MlflowExperiment[]> {
    const found: MlflowExperiment[] = [];
    for (const parent of [this.root, join(this.root, TRASH)])
      for (const name of await foldersIn(parent)) {
        const meta = await this.yaml(join(parent, name, 'meta.yaml'));
        if (!meta || !optionalTextIn(meta, 'experiment_id')) continue;
        const isDeleted = textIn(meta, 'lifecycle_stage') === 'deleted';
        const tags = await textFiles(join(parent, name, 'tags'));
        found.push({ id: name, name: textIn(meta, 'name') || name, isDeleted, tags });
      }
    return found;
  }

  async *runs(experimentId: string): AsyncGenerator<readonly MlflowRunRef[]> {
    const folder = await this.experimentFolder(experimentId);
    const names = folder === null ? [] : (await foldersIn(folder)).filter((name) => !NO_RUNS.has(name));
    for (let at = 0; at < names.length; at += RUNS) {
      const some = names.slice(at, at + RUNS);
      const refs = await Promise.all(some.map((name) => this.ref(experimentId, name)));
      yield refs.filter((ref) => ref !== null);
    }
  }

  async run(runId: string): Promise<MlflowRunRef | null> {
    if (!isName(runId)) return null;
    for (const { id } of await this.experiments()) {
      const ref = await this.ref(id, runId);
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
    for (const id of await foldersIn(join(experiment, 'models'))) {
      const folder = join(experiment, 'models', id);
      const meta = await this.yaml(join(folder, 'meta.yaml'));
      if (!meta || textIn(meta, 'lifecycle_stage') === 'deleted') continue;
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
        params: await textFiles(join(folder, 'params')),
        tags: await textFiles(join(folder, 'tags')),
        metrics: await this.modelMetrics(folder),
        step: await this.outputStep(experiment, sourceRunId, id),
      });
    }
    return models;
  }

  registeredModels = (): Promise<readonly MlflowModel[]> =>
    folderModels(this.root, { foldersIn, textFiles, yaml: (path) => this.yaml(path) });

  files = (owner: FileOwner): AsyncIterable<SourceFile> => filesAt(this.places, owner);

  close(): void {
    // nothing is held open
  }

  /** A folder that cannot be read is counted, and the rest goes on. */
  private async ref(experimentId: string, id: string): Promise<MlflowRunRef | null> {
    const folder = await this.runFolder(experimentId, id);
    try {
      return await this.refIn(folder, experimentId, id);
    } catch (error) {
      if (!isFileError(error)) throw error;
      this.places.tally.fail('runs', error.message, folder);
      return null;
    }
  }

  private async refIn(folder: string, experimentId: string, id: string): Promise<MlflowRunRef | null> {
    const meta = await this.yaml(join(folder, 'meta.yaml'));
    if (!meta || !(optionalTextIn(meta, 'run_id') ?? optionalTextIn(meta, 'run_uuid'))) return null;
    const facts = await Promise.all(
      ['metrics', 'params', 'tags'].map((part) => sizesBelow(join(folder, part))),
    );
    return {
      id,
      name: textIn(meta, 'run_name') || id,
      isDeleted: textIn(meta, 'lifecycle_stage') === 'deleted',
      mark: digestOf(JSON.stringify(meta), ...facts.flat()),
      load: () => this.load(experimentId, id, folder, meta),
    };
  }

  private async load(experimentId: string, id: string, folder: string, meta: JsonObject): Promise<MlflowRun> {
    const inputs = await this.metasIn(join(folder, 'inputs'));
    const models = inputs.filter((input) => /MODEL/.test(textIn(input, 'source_type')));
    const { metricKeys, ...rest } = {
      metricKeys: (await filePaths(join(folder, 'metrics'))).sort(),
      params: await textFiles(join(folder, 'params')),
      tags: await textFiles(join(folder, 'tags')),
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
      const meta = await this.yaml(join(experiment, 'datasets', id, 'meta.yaml'));
      if (meta) datasets.push({ tags: pairsOf(objectIn(input, 'tags')), dataset: datasetOf(meta) });
    }
    return datasets;
  }

  /** Behind a line of a logged model's file stand the run, and the dataset's name and digest where there is one. */
  private async modelMetrics(folder: string): Promise<readonly ModelMetric[]> {
    const metrics: ModelMetric[] = [];
    for (const key of await filePaths(join(folder, 'metrics'))) {
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
    const meta = await this.yaml(join(experiment, runId, 'outputs', modelId, 'meta.yaml'));
    return (meta && integerIn(meta, 'step')) ?? 0;
  }

  private async metasIn(folder: string): Promise<readonly JsonObject[]> {
    const metas = (await foldersIn(folder)).map((name) => this.yaml(join(folder, name, 'meta.yaml')));
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

  /** What is damaged is counted, and the rest goes on. */
  private async yaml(path: string): Promise<JsonObject | null> {
    try {
      return await yamlIn(path);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      this.places.tally.fail('files of MLflow’s', error.message, path);
      return null;
    }
  }

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

/** Names of folders come from files of others too: none leads elsewhere. */
const isName = (text: string): boolean => text !== '' && !/[/\\\0]/.test(text) && !/^\.+$/.test(text);

async function entriesIn(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await entriesIn(folder);
  const names = entries
    .filter((entry) => entry.isDirectory() && entry.name !== TRASH)
    .map(({ name }) => name);
  return names.sort();
}

/** Files below a folder, by their paths in it: a name with slashes is a file in folders. */
async function filePaths(folder: string, path = ''): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await entriesIn(join(folder, path))) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await filePaths(folder, inner)));
    else if (entry.isFile()) paths.push(inner);
  }
  return paths;
}

/** Params or tags: a file for each, whose text is the value. */
async function textFiles(folder: string): Promise<readonly KeyValue[]> {
  const keys = (await filePaths(folder)).sort();
  return Promise.all(keys.map(async (key) => ({ key, value: await readFile(join(folder, key), 'utf8') })));
}

async function sizesBelow(folder: string): Promise<readonly string[]> {
  const paths = (await filePaths(folder)).sort();
  return Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(join(folder, path));
      return `${path}:${size}:${mtimeMs}`;
    }),
  );
}
