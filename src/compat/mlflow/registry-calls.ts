import type { Actor } from '../../kernel/actor';
import type { Registry } from '../../registry/registry';
import { listOrNothing, type Json } from './answer-json';
import type { Calls } from './calls';
import type { Fields } from './fields';
import { unlessRefused } from './mlflow-error';
import { modelOf, stageOf, tagKeyOf, tagsIn } from './model-fields';
import type { ModelJson } from './model-json';
import { readPage } from './search-fields';

/** Registered models of one page, as MLflow has it. */
const MAX_MODELS = 1_000;
const USUAL_MODELS = 100;

/** Registered models, as MLflow's clients make, find, rename, tag and delete them. */
export function registryCalls(registry: Registry, json: ModelJson): Calls {
  const search = async (fields: Fields, actor: Actor): Promise<Json> => {
    const page = readPage(fields, { max: MAX_MODELS, absent: USUAL_MODELS, keys: 2 });
    const wanted = { filter: fields.optionalText('filter'), orderBy: fields.texts('order_by') };
    const found = await registry.searchModels(actor, wanted, page);
    return {
      registered_models: listOrNothing(await json.models(actor, found.nodes)),
      next_page_token: found.hasNextPage ? (found.endCursor ?? undefined) : undefined,
    };
  };
  const latest = async (fields: Fields, actor: Actor): Promise<Json> => {
    const stages = new Set(fields.texts('stages').map(stageOf));
    const { id } = await modelOf(registry, actor, fields);
    const [versions = []] = await registry.latestVersions(actor, [id]);
    const wanted = stages.size === 0 ? versions : versions.filter(({ stage }) => stages.has(stage));
    return { model_versions: listOrNothing(await json.versions(actor, wanted)) };
  };
  return {
    'POST registered-models/create': async (fields, actor) => {
      const name = fields.text('name');
      const words = { description: fields.anyText('description'), tags: tagsIn(fields) };
      const { model } = unlessRefused(await registry.addModel(actor, { name, ...words }));
      return { registered_model: await json.model(actor, model) };
    },
    'GET registered-models/get': async (fields, actor) => ({
      registered_model: await json.model(actor, await modelOf(registry, actor, fields)),
    }),
    'GET registered-models/search': search,
    'POST registered-models/search': search,
    'GET registered-models/get-latest-versions': latest,
    'POST registered-models/get-latest-versions': latest,
    'PATCH registered-models/update': async (fields, actor) => {
      const description = fields.anyText('description') ?? '';
      const change = { model: fields.text('name'), description };
      const { model } = unlessRefused(await registry.updateModel(actor, change));
      return { registered_model: await json.model(actor, model) };
    },
    'POST registered-models/rename': async (fields, actor) => {
      const change = { model: fields.text('name'), name: fields.text('new_name') };
      const { model } = unlessRefused(await registry.updateModel(actor, change));
      return { registered_model: await json.model(actor, model) };
    },
    'DELETE registered-models/delete': async (fields, actor) => {
      unlessRefused(await registry.deleteModel(actor, fields.text('name')));
      return {};
    },
    'POST registered-models/set-tag': async (fields, actor) => {
      const tag = { key: tagKeyOf(fields), value: fields.anyText('value') ?? '' };
      unlessRefused(await registry.updateModel(actor, { model: fields.text('name'), tags: [tag] }));
      return {};
    },
    'DELETE registered-models/delete-tag': async (fields, actor) => {
      const change = { model: fields.text('name'), removeTags: [tagKeyOf(fields)] };
      unlessRefused(await registry.updateModel(actor, change));
      return {};
    },
  };
}
