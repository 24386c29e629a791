import { createHash } from 'node:crypto';
import type { ApiClient } from './api-client';

/** Steps are of 64 bits, which `JSON.parse` would round. */
const STEP = /("step":\s*)(-?\d+)/g;
/** More than a source of these tests has of anything. */
const ALL = 1_000;

interface Pair {
  readonly key: string;
  readonly value: string;
}
interface Point {
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: string;
}
interface Run {
  readonly info: {
    readonly run_id: string;
    readonly run_name: string;
    readonly artifact_uri: string;
  } & Facts;
  readonly data: {
    readonly params?: readonly Pair[];
    readonly tags?: readonly Pair[];
    readonly metrics?: readonly Pair[];
  };
  readonly inputs?: {
    readonly dataset_inputs?: readonly { readonly dataset: Facts; readonly tags?: readonly Pair[] }[];
  };
  readonly outputs?: {
    readonly model_outputs?: readonly { readonly model_id: string; readonly step: string }[];
  };
}
interface Model {
  readonly info: Facts & {
    readonly model_id: string;
    readonly source_run_id: string;
    readonly tags?: readonly Pair[];
  };
  readonly data?: { readonly params?: readonly Pair[]; readonly metrics?: readonly (Facts & Point)[] };
}
interface Version extends Facts {
  readonly version: string;
  readonly tags?: readonly Pair[];
}
interface Registered extends Facts {
  readonly name: string;
  readonly tags?: readonly Pair[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}
type Facts = Readonly<Record<string, unknown>>;

/**
 * All that a server with MLflow's REST API has, of the kinds that are imported, in words that do not depend on the
 * server: ids are replaced by names, and what an import has noted by itself is left out. Names are unique in what is
 * read.
 */
export class MlflowContents {
  constructor(private readonly server: Pick<ApiClient, 'url' | 'headers'>) {}

  async all() {
    const asked = { view_type: 'ALL', max_results: ALL };
    const { experiments } = await this.post<{
      experiments: (Facts & { experiment_id: string; tags?: Pair[] })[];
    }>('experiments/search', asked);
    const ids = experiments.map(({ experiment_id }) => experiment_id);
    const { runs } = await this.post<{ runs: Run[] }>('runs/search', {
      experiment_ids: ids,
      run_view_type: 'ALL',
      max_results: ALL,
    });
    const { models } = await this.post<{ models: Model[] }>('logged-models/search', { experiment_ids: ids });
    const names = new Map([
      ...runs.map(({ info }) => [info.run_id, info.run_name] as const),
      ...models.map(({ info }) => [info.model_id, String(info.name)] as const),
      ...experiments.map((one) => [one.experiment_id, String(one.name)] as const),
    ]);
    const nameOf = (id: unknown) => names.get(String(id)) ?? `nothing that is there: ${String(id)}`;
    return {
      experiments: byName(
        experiments.map((one) => ({ ...picked(one, 'name', 'lifecycle_stage'), tags: tagsOf(one.tags) })),
      ),
      runs: byName(await Promise.all(runs.map((run) => this.run(run, nameOf)))),
      loggedModels: byName(await Promise.all(models.map((model) => this.loggedModel(model, nameOf)))),
      registeredModels: await this.registered(nameOf),
    };
  }

  private async run({ info, data, inputs, outputs }: Run, nameOf: (id: unknown) => string) {
    const { 'mlflow.parentRunId': parent, ...tags } = tagsOf(data.tags);
    const keys = (data.metrics ?? []).map(({ key }) => key);
    const series = keys.map(async (key) => [key, await this.points(info.run_id, key)] as const);
    return {
      ...picked(info, 'status', 'start_time', 'end_time', 'lifecycle_stage'),
      ...{ name: info.run_name, experiment: nameOf(info.experiment_id), tags },
      parent: parent === undefined ? null : nameOf(parent),
      params: tagsOf(data.params),
      points: Object.fromEntries(await Promise.all(series)),
      files: await this.files(info.artifact_uri, `artifacts/list?run_id=${info.run_id}`),
      datasets: (inputs?.dataset_inputs ?? []).map((one) => ({
        ...picked(one.dataset, 'name', 'digest', 'source_type', 'source', 'schema', 'profile'),
        tags: tagsOf(one.tags),
      })),
      models: (outputs?.model_outputs ?? []).map(({ model_id, step }) => ({ model: nameOf(model_id), step })),
    };
  }

  private async points(runId: string, key: string): Promise<readonly string[]> {
    const asked = new URLSearchParams({ run_id: runId, metric_key: key, max_results: '25000' });
    const { metrics } = await this.get<{ metrics: Point[] }>(`metrics/get-history?${asked.toString()}`);
    return metrics.map(({ value, timestamp, step }) => `${timestamp} ${step} ${value}`).sort();
  }

  private async loggedModel({ info, data }: Model, nameOf: (id: unknown) => string) {
    const { 'mlflow.modelVersions': versions, ...tags } = tagsOf(info.tags);
    return {
      ...picked(info, 'name', 'status', 'model_type'),
      ...{ run: nameOf(info.source_run_id), tags, hasVersions: versions !== undefined },
      params: tagsOf(data?.params),
      metrics: (data?.metrics ?? []).map((one) => picked(one, 'key', 'value', 'timestamp', 'step')),
      files: await this.files(
        String(info.artifact_uri),
        `logged-models/${info.model_id}/artifacts/directories?`,
      ),
    };
  }

  private async registered(nameOf: (id: unknown) => string) {
    const { registered_models: models = [] } = await this.get<{ registered_models?: Registered[] }>(
      `registered-models/search?max_results=${ALL}`,
    );
    const { model_versions: versions = [] } = await this.get<{ model_versions?: Version[] }>(
      `model-versions/search?max_results=${ALL}`,
    );
    return byName(
      models.map(({ tags, aliases = [], ...model }) => {
        const own = versions.filter(({ name }) => name === model.name);
        const numberOf = (version: string) => numberThere(own.find((one) => one.version === version));
        return {
          ...picked(model, 'name', 'description'),
          tags: tagsOf(tags),
          aliases: aliases.map(({ alias, version }) => `${alias} ${numberOf(version)}`),
          versions: own
            .map((one) => ({
              ...{ number: numberThere(one), tags: tagsOf(one.tags), run: nameOf(one.run_id) },
              ...picked(one, 'description', 'status', 'current_stage'),
            }))
            .sort((a, b) => Number(a.number) - Number(b.number)),
        };
      }),
    );
  }

  /** Path to hash of all that is below a folder. */
  private async files(uri: string, listing: string, folder = ''): Promise<Readonly<Record<string, string>>> {
    const path =
      folder === ''
        ? ''
        : `&${uri.includes('/models/') ? 'artifact_directory_path' : 'path'}=${encodeURIComponent(folder)}`;
    const { files = [] } = await this.get<{ files?: { path: string; is_dir?: boolean }[] }>(listing + path);
    const found: Record<string, string> = {};
    for (const file of files) {
      if (file.is_dir) Object.assign(found, await this.files(uri, listing, file.path));
      else
        found[file.path] = createHash('sha256')
          .update(await this.bytes(uri, file.path))
          .digest('hex');
    }
    return found;
  }

  private async bytes(uri: string, path: string): Promise<Uint8Array> {
    const root = uri.replace(/^mlflow-artifacts:\/(\/[^/]*)?/, '');
    const place = [root.replace(/^\//, ''), path].map((part) =>
      part.split('/').map(encodeURIComponent).join('/'),
    );
    const answer = await this.fetched(`/api/2.0/mlflow-artifacts/artifacts/${place.join('/')}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  private async get<Body>(path: string): Promise<Body> {
    return bodyOf<Body>(await this.fetched(`/api/2.0/mlflow/${path}`));
  }

  private async post<Body>(path: string, fields: object): Promise<Body> {
    const body = JSON.stringify(fields);
    const headers = { 'content-type': 'application/json' };
    return bodyOf<Body>(await this.fetched(`/api/2.0/mlflow/${path}`, { method: 'POST', body, headers }));
  }

  private async fetched(
    path: string,
    request: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const headers = { ...this.server.headers, ...request.headers };
    const answer = await fetch(this.server.url + path, { ...request, headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

const bodyOf = async <Body>(answer: Response): Promise<Body> =>
  JSON.parse((await answer.text()).replaceAll(STEP, '$1"$2"')) as Body;

/** The number that a version has in the source: here its place may be another. */
const numberThere = (version: Version | undefined): string => {
  const told = version?.tags?.find(({ key }) => key === 'modelgraph.imported.version');
  return told?.value ?? version?.version ?? 'none';
};

const tagsOf = (tags: readonly Pair[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(
    tags.filter(({ key }) => !key.startsWith('modelgraph.')).map(({ key, value }) => [key, value]),
  );

/** Fields with something in them: MLflow writes empty texts in some places and leaves them out in others. */
const picked = (from: Facts, ...names: readonly string[]): Facts =>
  Object.fromEntries(names.map((name) => [name, from[name] === '' ? undefined : from[name]]));

function byName(all: readonly (Facts & { readonly name?: unknown })[]): Readonly<Record<string, Facts>> {
  const found: Record<string, Facts> = {};
  for (const one of all) {
    const name = String(one.name);
    if (found[name]) throw new Error(`There are two of “${name}”.`);
    found[name] = one;
  }
  return found;
}
