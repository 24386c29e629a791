import type { Actor } from '../../kernel/actor';
import { listCursorLength } from '../../kernel/database/column-search';
import type { Tracking } from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';
import type { ExperimentIds } from './experiment-ids';
import type { Fields } from './fields';
import { loggedModelsJson } from './logged-model-json';
import { readPage } from './search-fields';

/** Models of one page, as MLflow has it. */
const MAX_MODELS = 1_000;
const USUAL_MODELS = 50;

/** Models of some experiments, by one key or newest first. */
export async function searchLoggedModels(
  tracking: Tracking,
  ids: ExperimentIds,
  fields: Fields,
  actor: Actor,
): Promise<Json> {
  const orderBy = orderOf(fields.list('order_by'));
  const page = readPage(fields, {
    max: MAX_MODELS,
    absent: USUAL_MODELS,
    keys: listCursorLength(orderBy),
  });
  const experiments = await ids.experiments(actor, fields.texts('experiment_ids'));
  const search = { filter: fields.optionalText('filter'), orderBy };
  const found = await tracking.loggedModels.search(
    actor,
    experiments.map(({ id }) => id),
    search,
    page,
  );
  return {
    models: listOrNothing(await loggedModelsJson(tracking, ids, actor, found.nodes)),
    next_page_token: found.hasNextPage ? (found.endCursor ?? undefined) : undefined,
  };
}

/** Ascending where nothing is said, as in MLflow. */
function orderOf(keys: readonly Fields[]): readonly string[] {
  return keys.map((key) => {
    const isDescending = key.has('ascending') && !key.boolean('ascending');
    return `${key.text('field_name')} ${isDescending ? 'DESC' : 'ASC'}`;
  });
}
