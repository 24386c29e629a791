import { callUntil } from '../../client/call-until';
import { ClientError } from '../../client/client-error';
import { doubleToJson, integerToJson, type JsonInteger } from '../../client/exact-numbers';
import type { Operation } from '../../client/operations/operation';
import { LOG_METRICS, LOG_PARAMS, type KeyValue, type RunStatus } from '../../client/operations/runs';
import { EXPERIMENT, IMPORTED_RUNS, STORED_PARTS, UPDATE_RUN } from '../operations/import-runs';
import { headersOf, type ServerAccess } from '../server-access';
import { digestOf } from './import-key';
import { objectIn, textIn } from './json-fields';
import { MlflowHttp, MlflowRefusal, pathText } from './mlflow-http';
import type { SourceDataset, SourceFile, SourcePoint } from './source-run';

/** Tags by which a later start knows what an earlier one has brought. */
const KEY_TAG = 'modelgraph.imported.key';
const MARK_TAG = 'modelgraph.imported.mark';
/** How MLflow's protocol says whose part a run is. */
const PARENT_TAG = 'mlflow.parentRunId';
/**
 * What the server says of an experiment that is deleted, or restored, once more: the answer to the first time was lost.
 */
const IS_SO_ALREADY = /^No (?:active|deleted) experiment/;
/** Runs looked for at a time: the server's limit of a page. */
const MAX_LOOKED_FOR = 50;

/** A run that an earlier start has brought, or this one. */
export interface KnownRun {
  readonly id: string;
  readonly experimentId: string;
  readonly status: RunStatus;
  readonly isDeleted: boolean;
  readonly isExperimentDeleted: boolean;
  /** What the source was like when all of it had come; null where not all has. */
  readonly mark: string | null;
}

export interface RunStart {
  readonly key: string;
  readonly experimentId: string;
  readonly name: string | null;
  readonly startedAtMs: number;
  readonly userId: string | null;
  /** Of the run that it is a part of; one that is not here is kept as words. */
  readonly parentId: string | null;
}

/** What of a run has come: counts of points by metric, sizes of files by path, values by key. */
export interface Stored {
  readonly points: ReadonlyMap<string, number>;
  readonly files: ReadonlyMap<string, number>;
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * The server that takes what is imported. Starts, ends, files and datasets go by the calls of MLflow's protocol, which
 * know of times in the past and of runs that have ended; points, params and tags by GraphQL, which takes any name and
 * keeps what comes twice once.
 */
export class ImportTarget {
  readonly http: MlflowHttp;

  constructor(
    private readonly access: ServerAccess,
    private readonly needs: { readonly patienceMs: number; readonly stop: AbortSignal },
  ) {
    this.http = new MlflowHttp({ url: access.url, headers: headersOf(access), ...needs });
  }

  async knownRuns(keys: readonly string[]): Promise<ReadonlyMap<string, KnownRun>> {
    const found = new Map<string, KnownRun>();
    for (let at = 0; at < keys.length; at += MAX_LOOKED_FOR) {
      const some = keys.slice(at, at + MAX_LOOKED_FOR).map((key) => `'${key}'`);
      const filter = `tags.\`${KEY_TAG}\` IN (${some.join(', ')})`;
      const { runs } = await this.call(IMPORTED_RUNS, { filter, first: 2 * MAX_LOOKED_FOR });
      for (const { id, status, deletedAt, experiment, tags } of runs.nodes) {
        const tag = (name: string) => tags.find(({ key }) => key === name)?.value ?? null;
        const key = tag(KEY_TAG) ?? '';
        if (found.has(key)) continue; // the older one is the one that was begun
        const isExperimentDeleted = experiment.deletedAt !== null;
        const deleted = { isDeleted: deletedAt !== null, isExperimentDeleted };
        found.set(key, { id, experimentId: experiment.id, status, ...deleted, mark: tag(MARK_TAG) });
      }
    }
    return found;
  }

  async experiment(name: string): Promise<{ readonly id: string; readonly isDeleted: boolean } | null> {
    const { experiment } = await this.call(EXPERIMENT, { name });
    return experiment && { id: experiment.id, isDeleted: experiment.deletedAt !== null };
  }

  async createExperiment(name: string, tags: readonly KeyValue[]): Promise<string> {
    return this.once(
      async () => (await this.experiment(name))?.id ?? null,
      async () => textIn(await this.http.sendOnce('experiments/create', { name, tags }), 'experiment_id'),
    );
  }

  async startRun({ key, experimentId, name, startedAtMs, userId, parentId }: RunStart): Promise<string> {
    const parent = parentId === null ? [] : [{ key: PARENT_TAG, value: parentId }];
    const body = {
      ...{
        experiment_id: experimentId,
        start_time: startedAtMs,
        tags: [{ key: KEY_TAG, value: key }, ...parent],
      },
      ...(name !== null && { run_name: name }),
      ...(userId !== null && { user_id: userId }),
    };
    return this.once(
      async () => (await this.knownRuns([key])).get(key)?.id ?? null,
      async () => runIdIn(await this.http.sendOnce('runs/create', body)),
    );
  }

  /** Where nobody knows whether something has been made, it is looked for before it is made again. */
  async once<Made>(find: () => Promise<Made | null>, make: () => Promise<Made>): Promise<Made> {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'UNCERTAIN') throw error;
      return (await find()) ?? make();
    }
  }

  async stored(runId: string): Promise<Stored> {
    const { run } = await this.call(STORED_PARTS, { id: runId });
    const ofRun = run?.metrics.filter(({ dataset }) => dataset === null) ?? [];
    return {
      points: new Map(ofRun.map(({ key, count }) => [key, Number(count)])),
      files: new Map(run?.artifacts.map(({ path, sizeBytes }) => [path, Number(sizeBytes)])),
      params: new Map(run?.params.map(({ key, value }) => [key, value])),
      tags: new Map(run?.tags.map(({ key, value }) => [key, value])),
    };
  }

  /** @param at how many points came before: the same points at another place are others */
  async logPoints(runId: string, key: string, at: number, points: readonly SourcePoint[]): Promise<void> {
    const list = points.map((point) => ({
      key: point.key,
      step: stepJson(point.step),
      value: doubleToJson(point.value),
      timestamp: new Date(point.timestampMs).toISOString(),
    }));
    const idempotencyKey = `import:${digestOf(key, String(at), JSON.stringify(list))}`;
    const { result } = await this.call(LOG_METRICS, { input: { runId, points: list, idempotencyKey } });
    refuse(result);
  }

  /** Points of logged models: GraphQL has no such points. They must not come twice. */
  async logMeasured(runId: string, points: readonly SourcePoint[]): Promise<void> {
    const metrics = points.map(({ key, step, value, timestampMs, model }) => ({
      ...{ key, value: doubleToJson(value), step: stepJson(step), timestamp: timestampMs },
      model_id: model?.id,
      ...(model?.datasetName != null && { dataset_name: model.datasetName }),
      ...(model?.datasetDigest != null && { dataset_digest: model.datasetDigest }),
    }));
    await this.http.sendOnce('runs/log-batch', { run_id: runId, metrics });
  }

  async logParams(runId: string, params: readonly KeyValue[]): Promise<void> {
    refuse((await this.call(LOG_PARAMS, { input: { runId, params } })).result);
  }

  async setTags(runId: string, tags: readonly KeyValue[]): Promise<void> {
    refuse((await this.call(UPDATE_RUN, { input: { runId, tags } })).result);
  }

  /** From here on the run counts as brought. */
  setMark = (runId: string, mark: string): Promise<void> =>
    this.setTags(runId, [{ key: MARK_TAG, value: mark }]);

  async setStatus(runId: string, status: RunStatus, endedAtMs: number | null): Promise<void> {
    const end = endedAtMs === null ? {} : { end_time: endedAtMs };
    await this.http.send('POST', 'runs/update', { run_id: runId, status, ...end });
  }

  async setDeleted(runId: string, isDeleted: boolean): Promise<void> {
    await this.http.send('POST', isDeleted ? 'runs/delete' : 'runs/restore', { run_id: runId });
  }

  async setExperimentDeleted(experimentId: string, isDeleted: boolean): Promise<void> {
    const path = `experiments/${isDeleted ? 'delete' : 'restore'}`;
    const isDone = (error: unknown) => error instanceof MlflowRefusal && IS_SO_ALREADY.test(error.message);
    await this.http.send('POST', path, { experiment_id: experimentId }).catch((error: unknown) => {
      if (!isDone(error)) throw error;
    });
  }

  async logDataset(runId: string, dataset: SourceDataset): Promise<void> {
    await this.http.send('POST', 'runs/log-inputs', { run_id: runId, datasets: [dataset] });
  }

  /** @param owner of the file: a run's id, or `models/` and a logged model's id */
  putFile(experimentId: string, owner: string, file: SourceFile): Promise<number> {
    const place = pathText(`${experimentId}/${owner}/artifacts/${file.path}`);
    return this.http.upload(`/api/2.0/mlflow-artifacts/artifacts/${place}`, file);
  }

  private call<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    if (this.needs.stop.aborted) throw new ClientError('STOPPED', 'The import was stopped.');
    return callUntil(this.access, operation, variables, performance.now() + this.needs.patienceMs);
  }
}

const runIdIn = (json: ReturnType<typeof objectIn>): string =>
  textIn(objectIn(objectIn(json, 'run'), 'info'), 'run_id');

/** Whoever asks has checked that it is a whole number of 64 bits. */
function stepJson(step: number | bigint): JsonInteger {
  const json = integerToJson(step);
  if (json === null) throw new RangeError(`${step} is no step.`);
  return json;
}

function refuse(result: { readonly code?: string; readonly message?: string } | object): void {
  if ('code' in result && result.code !== undefined)
    throw new MlflowRefusal(result.code, ('message' in result && result.message) || result.code);
}
