import type { Actor } from '../../kernel/actor';
import type { Registry } from '../../registry/registry';
import { listOrNothing, type Json } from './answer-json';
import type { Calls } from './calls';
import type { Fields } from './fields';
import { invalidParameter, unlessRefused } from './mlflow-error';
import { modelVersionOf, refOf, stageOf, tagKeyOf } from './model-fields';
import { versionJson, type ModelJson } from './model-json';
import type { ModelRegistration } from './model-registration';
import { readPage } from './search-fields';

/** Versions of one page, as MLflow has it. */
const MAX_VERSIONS = 200_000;
const USUAL_VERSIONS = 10_000;
/** Versions that one answer has, whatever is asked: some 10 MB of JSON. What follows has its page token. */
const MOST_VERSIONS = 10_000;

/** Versions of registered models, as MLflow's clients make, find, tag, stage and delete them. */
export function modelVersionCalls(
  registry: Registry,
  json: ModelJson,
  registration: ModelRegistration,
): Calls {
  const answer = async (actor: Actor, fields: Fields): Promise<Json> => ({
    model_version: await json.version(actor, await modelVersionOf(registry, actor, fields)),
  });
  const search = async (fields: Fields, actor: Actor): Promise<Json> => {
    const asked = readPage(fields, { max: MAX_VERSIONS, absent: USUAL_VERSIONS, keys: 2 });
    const page = { ...asked, first: Math.min(asked.first, MOST_VERSIONS) };
    const wanted = { filter: fields.optionalText('filter'), orderBy: fields.texts('order_by') };
    const found = await registry.searchVersions(actor, wanted, page);
    return {
      model_versions: listOrNothing(found.nodes.map((version) => versionJson(version))),
      next_page_token: found.hasNextPage ? (found.endCursor ?? undefined) : undefined,
    };
  };
  return {
    'POST model-versions/create': async (fields, actor) => ({
      model_version: await json.version(actor, await registration.register(actor, fields)),
    }),
    'GET model-versions/get': async (fields, actor) => answer(actor, fields),
    'GET model-versions/search': search,
    'POST model-versions/search': search,
    'PATCH model-versions/update': async (fields, actor) => {
      const description = fields.anyText('description') ?? '';
      unlessRefused(await registry.updateVersion(actor, { ref: refOf(fields), description }));
      return answer(actor, fields);
    },
    'DELETE model-versions/delete': async (fields, actor) => {
      unlessRefused(await registry.deleteVersion(actor, refOf(fields)));
      return {};
    },
    'POST model-versions/transition-stage': async (fields, actor) => {
      const stage = stageOf(fields.text('stage'));
      const archiveOthers = fields.boolean('archive_existing_versions');
      if (archiveOthers && stage !== 'Staging' && stage !== 'Production')
        throw invalidParameter(
          `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production.`,
        );
      unlessRefused(await registry.setStage(actor, { ref: refOf(fields), stage, archiveOthers }));
      return answer(actor, fields);
    },
    'GET model-versions/get-download-uri': async (fields, actor) => {
      const { ref, origin, sha256 } = await modelVersionOf(registry, actor, fields);
      if (!origin)
        throw invalidParameter(
          `${ref} was not registered by this protocol, and has no folder: its bytes are at /artifacts/sha256/${sha256}.`,
        );
      return { artifact_uri: origin.place };
    },
    'POST model-versions/set-tag': async (fields, actor) => {
      const tag = { key: tagKeyOf(fields), value: fields.anyText('value') ?? '' };
      unlessRefused(await registry.updateVersion(actor, { ref: refOf(fields), tags: [tag] }));
      return {};
    },
    'DELETE model-versions/delete-tag': async (fields, actor) => {
      const change = { ref: refOf(fields), removeTags: [tagKeyOf(fields)] };
      unlessRefused(await registry.updateVersion(actor, change));
      return {};
    },
  };
}
