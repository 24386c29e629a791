import type { Actor } from '../../kernel/actor';
import { listCursorLength } from '../../kernel/database/column-search';
import { encodeNodeId } from '../../kernel/ids';
import type { Experiment, KeyValue, Tracking } from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';
import type { Calls } from './calls';
import { experimentKey, experimentUri, type ExperimentIds } from './experiment-ids';
import type { Fields } from './fields';
import { keyValues } from './key-values';
import { doesNotExist, invalidParameter, MlflowError, unlessRefused } from './mlflow-error';
import { readPage, viewOf } from './search-fields';

/** Longest value of an experiment's tag, in characters, as MLflow has it. */
const MAX_TAG_LENGTH = 5_000;

/** Experiments, as MLflow's clients make, find, change, delete and restore them. */
export function experimentCalls(tracking: Tracking, ids: ExperimentIds): Calls {
  const answer = async (actor: Actor, experiment: Experiment): Promise<Json> => {
    const [tags = []] = await tracking.tagsByExperimentIds(actor, [experiment.id]);
    return { experiment: experimentJson(experiment, tags) };
  };
  const nodeId = async (actor: Actor, fields: Fields) =>
    encodeNodeId('experiment', (await ids.experiment(actor, fields.text('experiment_id'))).id);

  const create = async (fields: Fields, actor: Actor): Promise<Json> => {
    const name = fields.text('name');
    // A deleted one keeps its name too.
    if (await tracking.experimentByName(actor, name)) throw alreadyExists(name);
    const result = await tracking.createExperiment(actor, {
      name,
      tags: tagsOf(fields.list('tags')),
    });
    const { experiment, created } = unlessRefused(result);
    if (!created) throw alreadyExists(name);
    return { experiment_id: experimentKey(experiment) };
  };
  const search = async (fields: Fields, actor: Actor): Promise<Json> => {
    const orderBy = fields.texts('order_by');
    const page = readPage(fields, { max: MAX_EXPERIMENTS, keys: listCursorLength(orderBy), absent: null });
    const search = {
      filter: fields.optionalText('filter'),
      orderBy: orderBy.length === 0 ? ['last_update_time DESC'] : orderBy,
      view: viewOf(fields, 'view_type'),
    };
    const found = await tracking.experiments(actor, search, page);
    const tags = await tracking.tagsByExperimentIds(
      actor,
      found.nodes.map(({ id }) => id),
    );
    return {
      experiments: listOrNothing(found.nodes.map((one, index) => experimentJson(one, tags[index] ?? []))),
      next_page_token: found.hasNextPage ? (found.endCursor ?? undefined) : undefined,
    };
  };
  return {
    'POST experiments/create': create,
    'GET experiments/get': async (fields, actor) =>
      answer(actor, await ids.experiment(actor, fields.text('experiment_id'))),
    'GET experiments/get-by-name': async (fields, actor) => {
      const name = fields.text('experiment_name');
      const experiment = await tracking.experimentByName(actor, name);
      if (!experiment) throw doesNotExist(`Could not find experiment with name '${name}'`);
      return answer(actor, experiment);
    },
    'POST experiments/search': search,
    'GET experiments/search': search,
    'POST experiments/update': async (fields, actor) => {
      const experimentId = await nodeId(actor, fields);
      unlessRefused(await tracking.updateExperiment(actor, { experimentId, name: fields.text('new_name') }));
      return {};
    },
    'POST experiments/delete': async (fields, actor) => {
      const experiment = await ids.experiment(actor, fields.text('experiment_id'));
      if (experiment.deletedAt)
        throw doesNotExist(`No active experiment with id=${experimentKey(experiment)} exists.`);
      unlessRefused(await tracking.deleteExperiment(actor, encodeNodeId('experiment', experiment.id)));
      return {};
    },
    'POST experiments/restore': async (fields, actor) => {
      const experiment = await ids.experiment(actor, fields.text('experiment_id'));
      if (!experiment.deletedAt)
        throw doesNotExist(`No deleted experiment with id=${experimentKey(experiment)} exists.`);
      unlessRefused(await tracking.restoreExperiment(actor, encodeNodeId('experiment', experiment.id)));
      return {};
    },
    'POST experiments/set-experiment-tag': async (fields, actor) => {
      const experimentId = await nodeId(actor, fields);
      const tags = tagsOf([fields]);
      unlessRefused(await tracking.updateExperiment(actor, { experimentId, tags }));
      return {};
    },
    'POST experiments/delete-experiment-tag': async (fields, actor) => {
      const experiment = await ids.experiment(actor, fields.text('experiment_id'));
      const key = fields.text('key');
      const [tags = []] = await tracking.tagsByExperimentIds(actor, [experiment.id]);
      if (!tags.some((tag) => tag.key === key)) throw doesNotExist(`No tag with key '${key}'.`);
      const experimentId = encodeNodeId('experiment', experiment.id);
      unlessRefused(await tracking.updateExperiment(actor, { experimentId, removeTags: [key] }));
      return {};
    },
  };
}

const alreadyExists = (name: string) =>
  new MlflowError('RESOURCE_ALREADY_EXISTS', `Experiment '${name}' already exists.`);

/** Experiments of one page, as MLflow has it. */
const MAX_EXPERIMENTS = 50_000;

function tagsOf(list: readonly Fields[]): readonly KeyValue[] {
  const tags = keyValues(list);
  const long = tags.find(({ value }) => value.length > MAX_TAG_LENGTH);
  if (long)
    throw invalidParameter(`The value of tag '${long.key}' has more than ${MAX_TAG_LENGTH} characters.`);
  return tags;
}

const experimentJson = (experiment: Experiment, tags: readonly KeyValue[]): Json => ({
  experiment_id: experimentKey(experiment),
  name: experiment.name,
  artifact_location: experimentUri(experiment),
  lifecycle_stage: experiment.deletedAt ? 'deleted' : 'active',
  last_update_time: experiment.updatedAt.getTime(),
  creation_time: experiment.createdAt.getTime(),
  tags: listOrNothing(tags.map(({ key, value }) => ({ key, value }))),
});
