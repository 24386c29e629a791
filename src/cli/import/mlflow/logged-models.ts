import type { KeyValue } from '../../../client/operations/runs';
import { factsThatFit } from '../facts-that-fit';
import { importKey } from '../import-key';
import { writeFiles } from '../import-run';
import type { ImportTarget } from '../import-target';
import { integerToJson } from '../../../client/exact-numbers';
import { keyValuesIn, objectIn, objectsIn, textIn, type JsonObject } from '../json-fields';
import { MlflowRefusal } from '../mlflow-http';
import type { RunPlace } from '../import-run';
import type { Tally } from '../tally';
import type { MlflowLoggedModel, MlflowStore, ModelMetric } from './mlflow-store';

/** The tag by which a later start knows a model. */
const KEY_TAG = 'modelgraph.imported.key';
const PENDING = 'LOGGED_MODEL_PENDING';
/** Of one page. */
const MODELS = 100;

interface Needs {
  /** Null: nothing is written. */
  readonly target: ImportTarget | null;
  readonly store: MlflowStore;
  readonly tally: Tally;
  readonly onProgress: () => void;
}

interface HereModel {
  readonly id: string;
  readonly isDone: boolean;
}

/** Logged models of MLflow 3: with their params, tags, files and what was measured of them. */
export class LoggedModels {
  private readonly ids = new Map<string, string>();
  private readonly bySource = new Map<string, MlflowLoggedModel[]>();
  private readonly here = new Map<string, HereModel>();
  private readonly measured = new Map<string, { modelId: string; metric: ModelMetric }[]>();
  private readonly inputs: { readonly runId: string; readonly models: readonly string[] }[] = [];

  constructor(private readonly needs: Needs) {}

  /** The id here of a model of the source; null where it has not come. */
  idOf = (sourceId: string): string | null => this.ids.get(sourceId) ?? null;

  metricsOf = (runId: string) => this.measured.get(runId) ?? [];

  /** @param experimentId here; null where nothing is written */
  async begin(sourceExperimentId: string, experimentId: string | null): Promise<void> {
    if (experimentId !== null) await this.lookHere(experimentId);
    for (const model of await this.needs.store.loggedModels(sourceExperimentId)) {
      this.bySource.set(model.sourceRunId, [...(this.bySource.get(model.sourceRunId) ?? []), model]);
      const known = this.here.get(importKey('mlflow', model.id));
      if (known) this.ids.set(model.id, known.id);
      for (const metric of model.metrics)
        this.measured.set(metric.runId, [...this.metricsOf(metric.runId), { modelId: model.id, metric }]);
    }
  }

  /** The models that a run has made: they must be there before what was measured of them. */
  async ofRun(sourceRunId: string, place: RunPlace): Promise<void> {
    for (const model of this.bySource.get(sourceRunId) ?? [])
      await this.orCount(model, () => this.bring(model, place.experimentId, place.runId));
    this.bySource.delete(sourceRunId);
  }

  /** Models that no run has made, or none that came; counted only, where nothing is written. */
  async end(experimentId: string | null, runIdOf: (sourceRunId: string) => string | null): Promise<void> {
    for (const model of [...this.bySource.values()].flat()) {
      if (experimentId === null) this.needs.tally.add('loggedModels');
      else await this.orCount(model, () => this.bring(model, experimentId, runIdOf(model.sourceRunId)));
    }
    this.bySource.clear();
    for (const { runId, models } of this.inputs.splice(0)) await this.link(runId, models);
  }

  /** Links come last: a model may be read before it has come. */
  usedBy(runId: string, models: readonly string[]): void {
    if (models.length > 0) this.inputs.push({ runId, models });
  }

  private async orCount(model: MlflowLoggedModel, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MlflowRefusal)) throw error;
      this.needs.tally.fail('logged models', error.message, `${model.name} (${model.id})`);
    }
  }

  private async bring(model: MlflowLoggedModel, experimentId: string, runId: string | null): Promise<void> {
    const { target, store, tally } = this.needs;
    if (!target) return;
    const key = importKey('mlflow', model.id);
    const known = this.here.get(key);
    const id = known?.id ?? (await this.make(target, model, key, { experimentId, runId }));
    this.ids.set(model.id, id);
    if (known?.isDone) return tally.wasThere('loggedModels');
    const { id: sourceId, artifactUri } = model;
    const files = store.files({
      ...{ kind: 'model', id: sourceId, experimentId: model.experimentId, artifactUri },
    });
    const place = { experimentId, owner: `models/${id}`, where: `${model.name} (${sourceId})` };
    await writeFiles({ ...this.needs, target }, files, place, new Map());
    if (runId !== null) {
      const models = [{ model_id: id, step: integerToJson(model.step) }];
      await target.http.send('POST', 'runs/outputs', { run_id: runId, models });
    }
    if (model.status === 'READY' || model.status === 'UPLOAD_FAILED')
      await target.http.send('PATCH', `logged-models/${id}`, {
        ...{ model_id: id, status: `LOGGED_MODEL_${model.status}` },
      });
    if (known) tally.wasThere('loggedModels');
    else tally.add('loggedModels');
  }

  private make(
    target: ImportTarget,
    { name, modelType, params, tags, id }: MlflowLoggedModel,
    key: string,
    { experimentId, runId }: { readonly experimentId: string; readonly runId: string | null },
  ): Promise<string> {
    const { tally } = this.needs;
    const fitting: readonly KeyValue[] = factsThatFit('tags', tags, tally, id);
    const body = {
      ...{ experiment_id: experimentId, name, tags: [...fitting, { key: KEY_TAG, value: key }] },
      params: factsThatFit('params', params, tally, id),
      ...(modelType && { model_type: modelType }),
      ...(runId !== null && { source_run_id: runId }),
    };
    return target.once(
      async () => {
        await this.lookHere(experimentId);
        return this.here.get(key)?.id ?? null;
      },
      async () => infoOf(objectIn(await target.http.sendOnce('logged-models', body), 'model')).id,
    );
  }

  private async link(runId: string, sourceIds: readonly string[]): Promise<void> {
    const models = sourceIds.flatMap((id) => (this.idOf(id) === null ? [] : [{ model_id: this.idOf(id) }]));
    if (models.length > 0)
      await this.needs.target?.http.send('POST', 'runs/log-inputs', { run_id: runId, models });
    if (models.length < sourceIds.length)
      this.needs.tally.leaveOut('models that runs have read', 'They have not come.', sourceIds.join(', '));
  }

  /** What earlier starts have brought. */
  private async lookHere(experimentId: string): Promise<void> {
    let token = '';
    do {
      const asked = {
        experiment_ids: [experimentId],
        max_results: MODELS,
        ...(token && { page_token: token }),
      };
      const json = await this.needs.target?.http.send('POST', 'logged-models/search', asked);
      for (const model of objectsIn(json ?? {}, 'models')) {
        const { id, key, status } = infoOf(model);
        if (key !== null) this.here.set(key, { id, isDone: status !== PENDING });
      }
      token = textIn(json ?? {}, 'next_page_token');
    } while (token !== '');
  }
}

function infoOf(model: JsonObject) {
  const info = objectIn(model, 'info');
  const key = keyValuesIn(info, 'tags').find((tag) => tag.key === KEY_TAG)?.value ?? null;
  return { id: textIn(info, 'model_id'), status: textIn(info, 'status'), key };
}
