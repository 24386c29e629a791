import { digestOf } from '../import-key';
import {
  integerIn,
  keyValuesIn,
  numberIn,
  objectIn,
  objectsIn,
  optionalTextIn,
  textIn,
  type JsonObject,
} from '../json-fields';
import { MlflowRefusal, pathText, type MlflowHttp } from '../mlflow-http';
import type { SourceDataset, SourceFile, SourcePoint } from '../source-run';
import type { Tally } from '../tally';
import type {
  FileOwner,
  MlflowExperiment,
  MlflowLoggedModel,
  MlflowModel,
  MlflowRun,
  MlflowRunRef,
  MlflowStore,
} from './mlflow-store';

/** Of one page: what a server answers within a second or two. */
const RUNS = 200;
const POINTS = 25_000;
const OTHERS = 100;
/** Deepest folder that is looked into. */
const MAX_DEPTH = 64;
/** Bytes that the server itself gives out. */
const PROXIED = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+/;

/** MLflow's tracking server. */
export class ServerStore implements MlflowStore {
  constructor(
    readonly place: string,
    private readonly http: MlflowHttp,
    private readonly tally: Tally,
  ) {}

  async experiments(): Promise<readonly MlflowExperiment[]> {
    const found = await this.pages(
      'experiments/search',
      { view_type: 'ALL', max_results: OTHERS },
      'experiments',
    );
    return found.map((json) => ({
      id: textIn(json, 'experiment_id'),
      name: textIn(json, 'name'),
      isDeleted: textIn(json, 'lifecycle_stage') === 'deleted',
      tags: keyValuesIn(json, 'tags'),
    }));
  }

  async *runs(experimentId: string): AsyncGenerator<readonly MlflowRunRef[]> {
    const asked = {
      ...{ experiment_ids: [experimentId], run_view_type: 'ALL', max_results: RUNS },
      order_by: ['attributes.start_time ASC'],
    };
    for await (const page of this.pagesOf('runs/search', asked, 'runs')) yield page.map(refOf);
  }

  async run(runId: string): Promise<MlflowRunRef | null> {
    const json = await orNothing(this.http.get('runs/get', { run_id: runId }));
    return json && refOf(objectIn(json, 'run'));
  }

  async *points({ id }: MlflowRun, key: string): AsyncGenerator<readonly SourcePoint[]> {
    let token = '';
    do {
      const asked = { run_id: id, metric_key: key, max_results: String(POINTS) };
      const json = await this.http.get('metrics/get-history', {
        ...asked,
        ...(token && { page_token: token }),
      });
      yield objectsIn(json, 'metrics').map((metric) => pointOf(key, metric));
      token = textIn(json, 'next_page_token');
    } while (token !== '');
  }

  /** Servers of MLflow 2 have none. */
  async loggedModels(experimentId: string): Promise<readonly MlflowLoggedModel[]> {
    const asked = { experiment_ids: [experimentId], max_results: 50 };
    const found = await orNothing(this.pages('logged-models/search', asked, 'models'));
    return Promise.all((found ?? []).map((json) => this.loggedModel(experimentId, json)));
  }

  async registeredModels(): Promise<readonly MlflowModel[]> {
    const models: MlflowModel[] = [];
    for (const json of await this.listed('registered-models/search', {}, 'registered_models')) {
      const name = textIn(json, 'name');
      const quoted = name.includes("'") ? `"${name}"` : `'${name}'`;
      const versions = await this.listed(
        'model-versions/search',
        { filter: `name=${quoted}` },
        'model_versions',
      );
      const inOrder = [...versions].sort(
        (a, b) => Number(textIn(a, 'version')) - Number(textIn(b, 'version')),
      );
      models.push({
        ...{ name, description: textIn(json, 'description'), tags: keyValuesIn(json, 'tags') },
        createdAtMs: numberIn(json, 'creation_timestamp') ?? 0,
        aliases: objectsIn(json, 'aliases').map((one) => ({
          alias: textIn(one, 'alias'),
          version: textIn(one, 'version'),
        })),
        versions: inOrder.map((version) => ({
          version: textIn(version, 'version'),
          description: textIn(version, 'description'),
          source: textIn(version, 'source'),
          runId: textIn(version, 'run_id'),
          runLink: textIn(version, 'run_link'),
          stage: textIn(version, 'current_stage') || 'None',
          tags: keyValuesIn(version, 'tags'),
        })),
      });
    }
    return models;
  }

  async *files(owner: FileOwner): AsyncGenerator<SourceFile> {
    try {
      yield* this.filesIn(owner, '', 0);
    } catch (error) {
      if (!(error instanceof MlflowRefusal)) throw error;
      this.tally.fail(`files of ${owner.kind}s`, error.message, `${owner.id}: ${owner.artifactUri}`);
    }
  }

  close(): void {
    // nothing is held open
  }

  private async *filesIn(owner: FileOwner, folder: string, depth: number): AsyncGenerator<SourceFile> {
    let token = '';
    do {
      const page: Record<string, string> = token === '' ? {} : { page_token: token };
      const json =
        owner.kind === 'run'
          ? await this.http.get('artifacts/list', { run_id: owner.id, path: folder, ...page })
          : await this.http.get(`logged-models/${encodeURIComponent(owner.id)}/artifacts/directories`, {
              ...{ artifact_directory_path: folder, ...page },
            });
      for (const file of objectsIn(json, 'files')) {
        const path = textIn(file, 'path');
        if (file.is_dir !== true) yield this.file(owner, path, numberIn(file, 'file_size'));
        else if (path === folder) continue;
        else if (depth < MAX_DEPTH) yield* this.filesIn(owner, path, depth + 1);
        else this.tally.fail('files', `Folders are more than ${MAX_DEPTH} deep.`, `${owner.id}: ${path}`);
      }
      token = textIn(json, 'next_page_token');
    } while (token !== '');
  }

  /** What the server can reach it gives out, wherever it is; this machine's own files are never read for it. */
  private file({ kind, id, artifactUri }: FileOwner, path: string, sizeBytes: number | null): SourceFile {
    const proxied = PROXIED.test(artifactUri) ? artifactUri.replace(PROXIED, '') : null;
    const query = new URLSearchParams({ [kind === 'run' ? 'run_uuid' : 'model_id']: id });
    query.set(kind === 'run' ? 'path' : 'artifact_file_path', path);
    const address =
      proxied !== null
        ? `/api/2.0/mlflow-artifacts/artifacts/${pathText(`${proxied.replace(/\/$/, '')}/${path}`)}`
        : kind === 'run'
          ? `/get-artifact?${query.toString()}`
          : `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(id)}/artifacts/files?${query.toString()}`;
    return { path, sizeBytes, open: () => this.http.download(address) };
  }

  private async loggedModel(experimentId: string, json: JsonObject): Promise<MlflowLoggedModel> {
    const info = objectIn(json, 'info');
    const data = objectIn(json, 'data');
    const id = textIn(info, 'model_id');
    const sourceRunId = textIn(info, 'source_run_id');
    return {
      ...{ id, experimentId, sourceRunId, name: textIn(info, 'name'), modelType: textIn(info, 'model_type') },
      status: textIn(info, 'status').replace('LOGGED_MODEL_', ''),
      artifactUri: textIn(info, 'artifact_uri'),
      params: keyValuesIn(data, 'params'),
      tags: keyValuesIn(info, 'tags'),
      metrics: objectsIn(data, 'metrics').map((metric) => ({
        ...pointOf(textIn(metric, 'key'), metric),
        runId: textIn(metric, 'run_id'),
        datasetName: optionalTextIn(metric, 'dataset_name'),
        datasetDigest: optionalTextIn(metric, 'dataset_digest'),
      })),
      step: await this.outputStep(sourceRunId, id),
    };
  }

  private async outputStep(runId: string, modelId: string): Promise<number | bigint> {
    if (runId === '') return 0;
    const json = await orNothing(this.http.get('runs/get', { run_id: runId }));
    const outputs = objectIn(objectIn(json ?? {}, 'run'), 'outputs');
    const output = objectsIn(outputs, 'model_outputs').find((one) => textIn(one, 'model_id') === modelId);
    return (output && integerIn(output, 'step')) ?? 0;
  }

  private async pages(path: string, asked: object, name: string): Promise<readonly JsonObject[]> {
    const all: JsonObject[] = [];
    for await (const page of this.pagesOf(path, asked, name)) all.push(...page);
    return all;
  }

  private async *pagesOf(path: string, asked: object, name: string): AsyncGenerator<readonly JsonObject[]> {
    let token = '';
    do {
      const json = await this.http.send('POST', path, { ...asked, ...(token && { page_token: token }) });
      yield objectsIn(json, name);
      token = textIn(json, 'next_page_token');
    } while (token !== '');
  }

  /** Pages of what is asked by a query. */
  private async listed(
    path: string,
    query: Readonly<Record<string, string>>,
    name: string,
  ): Promise<readonly JsonObject[]> {
    const all: JsonObject[] = [];
    let token = '';
    do {
      const page = { max_results: String(OTHERS), ...(token && { page_token: token }) };
      const json = await this.http.get(path, { ...query, ...page });
      all.push(...objectsIn(json, name));
      token = textIn(json, 'next_page_token');
    } while (token !== '');
    return all;
  }
}

/** A search gives all that a run is but the points: what changes in it changes the mark. */
function refOf(json: JsonObject): MlflowRunRef {
  const info = objectIn(json, 'info');
  const id = optionalTextIn(info, 'run_id') ?? textIn(info, 'run_uuid');
  return {
    id,
    name: textIn(info, 'run_name') || id,
    isDeleted: textIn(info, 'lifecycle_stage') === 'deleted',
    mark: digestOf(JSON.stringify(json)),
    load: () => Promise.resolve(runOf(id, info, json)),
  };
}

function runOf(id: string, info: JsonObject, json: JsonObject): MlflowRun {
  const data = objectIn(json, 'data');
  const inputs = objectIn(json, 'inputs');
  return {
    ...{ id, experimentId: textIn(info, 'experiment_id'), name: textIn(info, 'run_name') },
    ...{ userId: textIn(info, 'user_id'), status: textIn(info, 'status') },
    ...{ startedAtMs: numberIn(info, 'start_time') ?? 0, endedAtMs: numberIn(info, 'end_time') || null },
    artifactUri: textIn(info, 'artifact_uri'),
    params: keyValuesIn(data, 'params'),
    tags: keyValuesIn(data, 'tags'),
    metricKeys: objectsIn(data, 'metrics').map((metric) => textIn(metric, 'key')),
    datasets: objectsIn(inputs, 'dataset_inputs').map(datasetOf),
    inputModels: objectsIn(inputs, 'model_inputs').map((model) => textIn(model, 'model_id')),
  };
}

function datasetOf(json: JsonObject): SourceDataset {
  const dataset = objectIn(json, 'dataset');
  return {
    tags: keyValuesIn(json, 'tags'),
    dataset: {
      ...{ name: textIn(dataset, 'name'), digest: textIn(dataset, 'digest') },
      ...{ source_type: textIn(dataset, 'source_type'), source: textIn(dataset, 'source') },
      schema: optionalTextIn(dataset, 'schema') ?? undefined,
      profile: optionalTextIn(dataset, 'profile') ?? undefined,
    },
  };
}

const pointOf = (key: string, metric: JsonObject): SourcePoint => ({
  key,
  timestampMs: numberIn(metric, 'timestamp') ?? 0,
  step: integerIn(metric, 'step') ?? 0,
  value: numberIn(metric, 'value') ?? NaN,
});

/** Null where the server knows no such thing. */
async function orNothing<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MlflowRefusal && /DOES_NOT_EXIST|NOT_FOUND|^404$/.test(error.code)) return null;
    throw error;
  }
}
