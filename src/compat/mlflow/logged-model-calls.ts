import type { Actor } from '../../kernel/actor';
import { encodeNodeId } from '../../kernel/ids';
import type { LoggedModel, RunModel, RunModelDirection, Tracking } from '../../tracking/tracking';
import type { Json } from './answer-json';
import type { Calls } from './calls';
import type { ExperimentIds } from './experiment-ids';
import type { Fields } from './fields';
import { keyValues } from './key-values';
import { doesNotExist, invalidParameter, unlessRefused } from './mlflow-error';
import { listFolder } from './artifact-list';
import { checkArtifactPath } from './artifact-place';
import { loggedModelsJson, loggedModelUri, statusOf } from './logged-model-json';
import { loggedModelIdOf } from './logged-model-key';
import { runOf } from './run-calls';
import { searchLoggedModels } from './logged-model-search';

/** The model of that key. Throws where there is none, or it is deleted. */
export async function loggedModelOf(tracking: Tracking, actor: Actor, key: string): Promise<LoggedModel> {
  const id = loggedModelIdOf(key);
  const [model] = id === null ? [] : await tracking.loggedModels.byIds(actor, [id]);
  if (!model) throw doesNotExist(`Logged model with ID '${key}' not found.`);
  return model;
}

/** How a run belongs together with models, each named by `model_id`. */
export function linksOf(list: readonly Fields[], direction: RunModelDirection): readonly RunModel[] {
  return list.map((fields) => {
    const key = fields.text('model_id');
    const modelId = loggedModelIdOf(key);
    if (modelId === null) throw doesNotExist(`Logged model with ID '${key}' not found.`);
    return { modelId, direction, step: fields.optionalInteger('step') ?? 0n };
  });
}

/** MLflow 3's logged models: models as runs log them, with params, tags, files, and what was measured of them. */
export function loggedModelCalls(tracking: Tracking, ids: ExperimentIds): Calls {
  const models = tracking.loggedModels;
  const answer = async (actor: Actor, model: LoggedModel): Promise<Json> => {
    const [json = {}] = await loggedModelsJson(tracking, ids, actor, [model]);
    return { model: json };
  };
  const named = (actor: Actor, fields: Fields) => loggedModelOf(tracking, actor, fields.text('model_id'));

  const create = async (fields: Fields, actor: Actor): Promise<Json> => {
    const experiment = await ids.experiment(actor, fields.text('experiment_id'));
    const created = await models.create(actor, {
      experimentId: encodeNodeId('experiment', experiment.id),
      name: fields.optionalText('name'),
      modelType: fields.optionalText('model_type'),
      sourceRunId: fields.optionalText('source_run_id'),
      params: keyValues(fields.list('params')),
      tags: keyValues(fields.list('tags')),
    });
    return answer(actor, unlessRefused(created).model);
  };

  const finalize = async (fields: Fields, actor: Actor): Promise<Json> => {
    const model = await named(actor, fields);
    const status = statusOf(fields.text('status'));
    if (status === null) throw invalidParameter(`Invalid model status: '${fields.text('status')}'.`);
    return answer(actor, unlessRefused(await models.update(actor, model.id, { status })).model);
  };

  const directories = async (fields: Fields, actor: Actor): Promise<Json> => {
    const model = await named(actor, fields);
    const folder = fields.optionalText('artifact_directory_path') ?? '';
    checkArtifactPath(folder);
    const [files = []] = await models.artifactsByIds(actor, [model.id]);
    const keys = await ids.keysOf(actor, [model.experimentId]);
    return {
      root_uri: loggedModelUri(keys.get(model.experimentId) ?? '', model),
      files: listFolder(files, folder, folder === '' ? '' : `${folder}/`),
    };
  };

  /** Models that a run has made or used, each named by `model_id`. */
  const link = async (actor: Actor, fields: Fields, direction: RunModelDirection): Promise<void> => {
    const run = await runOf(tracking, actor, fields);
    const links = linksOf(fields.list('models'), direction);
    unlessRefused(await models.link(actor, encodeNodeId('run', run.id), links));
  };

  return {
    'POST logged-models': create,
    'POST logged-models/search': async (fields, actor) => searchLoggedModels(tracking, ids, fields, actor),
    'GET logged-models/{model_id}': async (fields, actor) => answer(actor, await named(actor, fields)),
    'PATCH logged-models/{model_id}': finalize,
    'DELETE logged-models/{model_id}': async (fields, actor) => {
      unlessRefused(await models.delete(actor, (await named(actor, fields)).id));
      return {};
    },
    'PATCH logged-models/{model_id}/tags': async (fields, actor) => {
      const { id } = await named(actor, fields);
      unlessRefused(await models.update(actor, id, { tags: keyValues(fields.list('tags')) }));
      return {};
    },
    'DELETE logged-models/{model_id}/tags/{tag_key}': async (fields, actor) => {
      const { id } = await named(actor, fields);
      const key = fields.text('tag_key');
      const [tags = []] = await models.tagsByIds(actor, [id]);
      if (!tags.some((tag) => tag.key === key)) throw doesNotExist(`No tag with key '${key}' on this model.`);
      unlessRefused(await models.update(actor, id, { removeTags: [key] }));
      return {};
    },
    'POST logged-models/{model_id}/params': async (fields, actor) => {
      const { id } = await named(actor, fields);
      unlessRefused(await models.update(actor, id, { params: keyValues(fields.list('params')) }));
      return {};
    },
    'GET logged-models/{model_id}/artifacts/directories': directories,
    'POST runs/outputs': async (fields, actor) => {
      await link(actor, fields, 'OUTPUT');
      return {};
    },
  };
}
